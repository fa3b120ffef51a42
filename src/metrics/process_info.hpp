// Figures of the operating system about this process; 0 where /proc cannot be read.
#pragma once

namespace wallaroo::internal {

double process_start_time_seconds();
double process_cpu_seconds();
double process_resident_memory_bytes();
double process_open_descriptors();

}  // namespace wallaroo::internal
