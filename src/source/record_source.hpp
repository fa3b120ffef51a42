// Sources that make records themselves: generators, and records in memory.
#pragma once

#include "source/record_generator.hpp"
#include "source/record_memory.hpp"
