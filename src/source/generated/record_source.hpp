// Sources that make records themselves: generators, and records in memory.
#pragma once

#include "source/generated/record_generator.hpp"
#include "source/generated/record_memory.hpp"
