#include "metrics/process_info.hpp"

#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>

#include <unistd.h>

namespace wallaroo::internal {

namespace {

double seconds_on(clockid_t clock) {
  timespec time{};
  return clock_gettime(clock, &time) == 0
             ? static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9
             : 0.0;
}

/// The time from boot to the start of the process: field 22 of /proc/self/stat. The second field
/// may hold spaces and parentheses, so fields are counted from its last closing parenthesis.
double start_after_boot_seconds() {
  std::ifstream file("/proc/self/stat");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) {
    return 0;
  }
  std::istringstream fields(text.substr(name_end + 1));
  std::string field;
  for (int number = 3; number <= 22; ++number) {
    fields >> field;
  }
  return fields ? std::stod(field) / static_cast<double>(sysconf(_SC_CLK_TCK)) : 0;
}

}  // namespace

double process_start_time_seconds() {
  const double start = start_after_boot_seconds();
  return start > 0 ? seconds_on(CLOCK_REALTIME) - seconds_on(CLOCK_BOOTTIME) + start : 0;
}

double process_cpu_seconds() { return seconds_on(CLOCK_PROCESS_CPUTIME_ID); }

double process_resident_memory_bytes() {
  std::ifstream file("/proc/self/statm");
  double total_pages = 0;
  double resident_pages = 0;
  file >> total_pages >> resident_pages;
  return file ? resident_pages * static_cast<double>(sysconf(_SC_PAGESIZE)) : 0;
}

double process_open_descriptors() {
  std::error_code error;
  const std::filesystem::directory_iterator entries("/proc/self/fd", error);
  return error ? 0 : static_cast<double>(std::distance(begin(entries), end(entries)) - 1);
}

double process_waited_seconds() {
  std::error_code error;
  double waited_ns = 0;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task", error)) {
    std::ifstream file(thread.path() / "schedstat");
    double ran_ns = 0;
    double thread_waited_ns = 0;
    if (file >> ran_ns >> thread_waited_ns) {
      waited_ns += thread_waited_ns;
    }
  }
  return waited_ns / 1e9;
}

}  // namespace wallaroo::internal
