// Stored values: how they are written, read and described.
#pragma once

#include "record/stored/stored_read.hpp"
#include "record/stored/stored_write.hpp"
