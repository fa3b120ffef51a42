// Describes records as text. See record/describe.hpp.
#pragma once

#include "record/describe.hpp"
