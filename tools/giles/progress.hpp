#pragma once

#include <cstdint>
#include <string>

namespace wallaroo::giles {

// Prints a line a second on standard error: how far a run is, and how fast it was since the last
// line.
class Progress {
 public:
  static constexpr std::uint64_t kPeriod_ns = 1'000'000'000;

  // `verb` is "sent" or "received".
  Progress(std::string verb, bool quiet, std::uint64_t start_ns)
      : verb_(std::move(verb)), quiet_(quiet), start_ns_(start_ns), last_ns_(start_ns) {}

  bool due(std::uint64_t now) const { return now >= next_ns(); }
  std::uint64_t next_ns() const { return last_ns_ + kPeriod_ns; }
  void print(std::uint64_t now, std::uint64_t records, std::uint64_t bytes);

 private:
  std::string verb_;
  bool quiet_;
  std::uint64_t start_ns_;
  std::uint64_t last_ns_;
  std::uint64_t last_records_ = 0;
  std::uint64_t last_bytes_ = 0;
};

}  // namespace wallaroo::giles
