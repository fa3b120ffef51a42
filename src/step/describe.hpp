// Records as text: see record/describe.hpp.
#pragma once

#include "record/describe.hpp"
