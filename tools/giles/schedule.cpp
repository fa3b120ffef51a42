#include "giles/schedule.hpp"

#include <algorithm>

namespace wallaroo::giles {
namespace {

// Products of a rate and a time in nanoseconds do not fit 64 bits.
__extension__ using Wide = unsigned __int128;

// 292 years; low enough for the time of the start to be added.
constexpr Wide kNever_ns = ~std::uint64_t{0} / 2;

}  // namespace

Schedule Schedule::per_second(std::uint64_t rate, std::uint64_t burst) {
  return Schedule({.messages = rate, .period_ns = 1'000'000'000, .burst = burst});
}

Schedule Schedule::batches(std::uint64_t batch_size, std::uint64_t interval_ns) {
  return Schedule({.messages = batch_size, .period_ns = interval_ns, .burst = batch_size});
}

std::uint64_t Schedule::due_ns(std::uint64_t index) const {
  const std::uint64_t first_of_burst = index - index % pace_.burst;
  const Wide due = Wide{first_of_burst} * pace_.period_ns / pace_.messages;
  return static_cast<std::uint64_t>(std::min(due, kNever_ns));
}

std::uint64_t Schedule::due_count(std::uint64_t elapsed_ns) const {
  // The largest k with floor(k * period / messages) <= elapsed, as a message number.
  const Wide last = (Wide{elapsed_ns} * pace_.messages + pace_.messages - 1) / pace_.period_ns;
  const Wide bursts = last / pace_.burst + 1;
  return static_cast<std::uint64_t>(std::min(bursts * pace_.burst, Wide{~std::uint64_t{0}}));
}

}  // namespace wallaroo::giles
