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
};

class SteadyClock final : public Clock {
 public:
  std::int64_t now_ns() const override {
    return std::chrono::steady_clock::now().time_since_epoch().count();
  }
};

/// Stands still until it is advanced. Single-threaded.
class ManualClock final : public Clock {
 public:
  std::int64_t now_ns() const override { return now_ns_; }
  void advance(std::chrono::nanoseconds by) { now_ns_ += by.count(); }

 private:
  std::int64_t now_ns_ = 0;
};

}  // namespace wallaroo::internal
