// Stored values: how they are written, read and described.
#pragma once

#include "record/stored_read.hpp"
#include "record/stored_write.hpp"
