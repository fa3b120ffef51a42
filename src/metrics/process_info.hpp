// Figures of the operating system about this process; 0 where /proc cannot be read.
#pragma once

namespace wallaroo::internal {

double process_start_time_seconds();
double process_cpu_seconds();
double process_resident_memory_bytes();
double process_open_descriptors();
/// For how long threads that could run had to wait for a processor, summed over those that live. It
/// falls when a thread ends. Reads a file for each thread.
double process_waited_seconds();

}  // namespace wallaroo::internal
