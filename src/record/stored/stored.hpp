// Includes all that writes, reads and describes stored values.
#pragma once

#include "record/stored/stored_read.hpp"
#include "record/stored/stored_write.hpp"
