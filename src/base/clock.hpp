// Time as the engine sees it: real, or moved by hand in tests.
#pragma once

#include <chrono>
#include <cstdint>

namespace wallaroo::internal {

class Clock {
 public:
  virtual ~Clock() = default;
  /// Nanoseconds of a clock that never goes back; its zero is arbitrary.
  virtual std::int64_t now_ns() const = 0;
  /// Nanoseconds since the Unix epoch. May jump in either direction while the program runs.
  virtual std::int64_t wall_ns() const = 0;
};

class SteadyClock final : public Clock {
 public:
  std::int64_t now_ns() const override {
    return std::chrono::steady_clock::now().time_since_epoch().count();
  }
  std::int64_t wall_ns() const override {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
};

/// Stands still until it is advanced. Single-threaded.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(std::int64_t wall_start_ns = 0) : wall_start_ns_(wall_start_ns) {}

  std::int64_t now_ns() const override { return now_ns_; }
  std::int64_t wall_ns() const override { return wall_start_ns_ + now_ns_; }
  void advance(std::chrono::nanoseconds by) { now_ns_ += by.count(); }

 private:
  std::int64_t wall_start_ns_;
  std::int64_t now_ns_ = 0;
};

}  // namespace wallaroo::internal
