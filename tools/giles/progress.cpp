#include "giles/progress.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "giles/units.hpp"

namespace wallaroo::giles {

void Progress::print(std::uint64_t now, std::uint64_t records, std::uint64_t bytes) {
  const double seconds = static_cast<double>(now - last_ns_) / 1e9;
  const double record_rate = static_cast<double>(records - last_records_) / seconds;
  const double byte_rate = static_cast<double>(bytes - last_bytes_) / seconds;
  last_ns_ = now;
  last_records_ = records;
  last_bytes_ = bytes;
  if (quiet_) return;
  fmt::print(stderr, "{:6.1f} s  {} {} records ({}), {}/s, {}/s\n",
             static_cast<double>(now - start_ns_) / 1e9, verb_, format_count(records),
             format_bytes(static_cast<double>(bytes)),
             format_count(static_cast<std::uint64_t>(record_rate)), format_bytes(byte_rate));
}

}  // namespace wallaroo::giles
