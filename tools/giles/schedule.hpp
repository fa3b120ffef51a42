#pragma once

#include <cstdint>

namespace wallaroo::giles {

// When each message is due, in nanoseconds since the start: an absolute plan, so that a late
// message never shifts the ones after it (a sender that falls behind catches up, and its lag shows
// as latency instead of vanishing).
//
// `messages` are due in every `period_ns`, spread evenly, but released in groups of `burst`.
class Schedule {
 public:
  struct Pace {
    std::uint64_t messages = 1;
    std::uint64_t period_ns = 1;
    std::uint64_t burst = 1;
  };

  // All three must be at least 1.
  explicit Schedule(Pace pace) : pace_(pace) {}

  static Schedule per_second(std::uint64_t rate, std::uint64_t burst);
  static Schedule batches(std::uint64_t batch_size, std::uint64_t interval_ns);

  // When message number `index` (from 0) is due; 2^63 - 1 at most.
  std::uint64_t due_ns(std::uint64_t index) const;

  // How many messages are due at `elapsed_ns`: all with due_ns(index) <= elapsed_ns.
  std::uint64_t due_count(std::uint64_t elapsed_ns) const;

 private:
  Pace pace_;
};

// Of `total` messages dealt round robin over `lanes`, the share of lane number `lane`.
constexpr std::uint64_t lane_share(std::uint64_t total, std::uint64_t lanes, std::uint64_t lane) {
  return total / lanes + (lane < total % lanes ? 1 : 0);
}

}  // namespace wallaroo::giles
