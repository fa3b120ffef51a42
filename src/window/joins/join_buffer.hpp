// The records of one key on one side of a join.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "window/joins/join_settings.hpp"

namespace wallaroo::internal {

/// Holds records in order of their time, and those of one time in order of arrival. Adding near the
/// end, the usual case, moves few records; taking the first costs a constant on average; finding is
/// a binary search.
template <class Record>
class JoinBuffer {
 public:
  struct Entry {
    std::int64_t time_ns;
    bool matched;  ///< at some time
    Record record;
    bool late = false;  ///< its partners might have left before it came
  };

  std::span<const Entry> all() const { return std::span(entries_).subspan(taken_); }
  /// Takes entries in order of time. Requires that the buffer is empty.
  void assign(std::vector<Entry> entries) { entries_ = std::move(entries); }

  bool empty() const { return entries_.empty(); }
  const Entry& front() const { return entries_[taken_]; }
  /// The greatest time; nothing if the buffer is empty.
  std::optional<std::int64_t> newest() const {
    return empty() ? std::nullopt : std::optional(entries_.back().time_ns);
  }

  void add(Entry entry) {
    const auto later = [](std::int64_t time, const Entry& other) { return time < other.time_ns; };
    auto place = entries_.end();
    if (!empty() && entry.time_ns < std::prev(place)->time_ns) {
      place = std::upper_bound(first(), place, entry.time_ns, later);
    }
    entries_.insert(place, std::move(entry));
  }

  Entry take_front() {
    Entry front = std::move(entries_[taken_]);
    // The places of records that were taken are given back when they are half of all.
    if (++taken_ * 2 >= entries_.size()) {
      entries_.erase(entries_.begin(), first());
      taken_ = 0;
    }
    return front;
  }

  /// Returns the records with a time in `times`; valid until the buffer changes.
  std::span<Entry> within(const TimeSpan& times) {
    const auto from = std::partition_point(
        first(), entries_.end(), [&](const Entry& entry) { return entry.time_ns < times.first; });
    const auto to = std::partition_point(
        from, entries_.end(), [&](const Entry& entry) { return entry.time_ns <= times.last; });
    return {from, to};
  }

 private:
  auto first() { return entries_.begin() + static_cast<std::ptrdiff_t>(taken_); }

  std::vector<Entry> entries_;
  std::size_t taken_ = 0;
};

}  // namespace wallaroo::internal
