// Computes how long to wait before the next attempt.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

namespace wallaroo::internal {

/// Delays that double from `first` to `max`. Each is shortened at random by up to a half, so that
/// many clients of a server that came back do not all arrive at once.
class Backoff {
 public:
  using Nanoseconds = std::chrono::nanoseconds;

  Backoff(Nanoseconds first, Nanoseconds max, std::uint32_t seed)
      : first_(first), max_(std::max(first, max)), current_(first), random_(seed) {}

  Nanoseconds next() {
    const Nanoseconds longest = current_;
    current_ = current_ > max_ / 2 ? max_ : current_ * 2;
    std::uniform_int_distribution<std::int64_t> delay(longest.count() / 2, longest.count());
    return Nanoseconds(delay(random_));
  }
  void reset() { current_ = first_; }

 private:
  Nanoseconds first_;
  Nanoseconds max_;
  Nanoseconds current_;
  std::minstd_rand random_;
};

}  // namespace wallaroo::internal
