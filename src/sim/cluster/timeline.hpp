// Part of the simulator of clusters: virtual time, and what happens in it.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "sim/graph.hpp"

namespace wallaroo::internal::sim {

inline constexpr std::int64_t us = 1'000;
inline constexpr std::int64_t ms = 1'000'000;

/// Events in the order of their time; of equal times, in the order in which they were planned. The
/// hash of all that has happened is the same in two runs if and only if they are.
class Timeline {
 public:
  using Action = std::function<void()>;

  std::int64_t now() const { return now_; }
  std::uint64_t hash() const { return hash_; }
  std::size_t happened() const { return happened_; }

  void at(std::int64_t time, Action action) {
    events_.push({std::max(time, now_), next_++, std::move(action)});
  }
  void after(std::int64_t delay, Action action) { at(now_ + delay, std::move(action)); }

  /// Lets the next event happen. Returns false if there is none.
  bool step() {
    if (events_.empty()) {
      return false;
    }
    Event event = std::move(const_cast<Event&>(events_.top()));
    events_.pop();
    now_ = event.time;
    ++happened_;
    note(static_cast<std::uint64_t>(event.time));
    note(event.order);
    event.action();
    return true;
  }
  void note(std::uint64_t bits) {
    hash_ = (hash_ ^ bits) * 0x100000001b3ull;
    hash_ ^= hash_ >> 29;
  }

 private:
  struct Event {
    std::int64_t time = 0;
    std::uint64_t order = 0;
    Action action;
  };
  struct Later {
    bool operator()(const Event& a, const Event& b) const {
      return a.time != b.time ? a.time > b.time : a.order > b.order;
    }
  };

  std::priority_queue<Event, std::vector<Event>, Later> events_;
  std::int64_t now_ = 0;
  std::uint64_t next_ = 0;
  std::uint64_t hash_ = 0xcbf29ce484222325ull;
  std::size_t happened_ = 0;
};

}  // namespace wallaroo::internal::sim
