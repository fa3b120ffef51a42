// The timers that are set for one key.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/container/small_vector.hpp>
#include <wallaroo/types/timers.hpp>

#include "base/times.hpp"

namespace wallaroo::internal {

/// One timer. A key has at most one of each id.
struct ArmedTimer {
  std::uint64_t id = 0;
  std::int64_t due_ns = 0;
  TimerKind kind = TimerKind::event_time;
};

/// Finds timers by id, and in the order in which timers of one kind fire: by their times, and by
/// their ids when times are equal. Every call costs O(log n). Up to eight timers are in an array,
/// 24 bytes each, the first without an allocation. More timers are in two trees, about 130 bytes
/// each, until only four are left. `Less` compares ids and times.
template <class Less = std::less<>>
class TimersOfKey {
 public:
  bool empty() const { return size() == 0; }
  std::size_t size() const { return many_ == nullptr ? few_.size() : many_->by_id.size(); }

  /// Replaces the timer of that id, and returns the one that was there.
  std::optional<ArmedTimer> set(const ArmedTimer& timer) {
    const std::optional<ArmedTimer> before = remove(timer.id);
    if (many_ == nullptr && few_.size() == most_in_a_row) {
      many_ = std::make_unique<Many>();
      for (const ArmedTimer& each : few_) {
        many_->add(each);
      }
      few_ = {};
    }
    if (many_ == nullptr) {
      few_.push_back(timer);
    } else {
      many_->add(timer);
    }
    return before;
  }

  /// Removes and returns the timer of that id, if there is one.
  std::optional<ArmedTimer> remove(std::uint64_t id) {
    if (many_ != nullptr) {
      const std::optional<ArmedTimer> removed = many_->remove(id);
      if (removed && many_->by_id.size() <= most_in_a_row / 2) {
        const auto many = std::move(many_);
        many->for_each([&](const ArmedTimer& each) { few_.push_back(each); });
      }
      return removed;
    }
    const auto found = std::find_if(few_.begin(), few_.end(),
                                    [&](const ArmedTimer& each) { return each.id == id; });
    if (found == few_.end()) {
      return std::nullopt;
    }
    const ArmedTimer removed = *found;
    *found = few_.back();
    few_.pop_back();
    return removed;
  }

  /// The timer of this kind that fires first.
  std::optional<ArmedTimer> first(TimerKind kind) const {
    if (many_ != nullptr) {
      return many_->first(kind);
    }
    const ArmedTimer* first = nullptr;
    for (const ArmedTimer& each : few_) {
      if (each.kind == kind && (first == nullptr || fires_before(each, *first))) {
        first = &each;
      }
    }
    return first == nullptr ? std::nullopt : std::optional(*first);
  }

  /// The latest time below `end_of_time` of a timer of event time; `no_time` when there is none.
  std::int64_t last_event_time() const {
    if (many_ != nullptr) {
      return many_->last_event_time();
    }
    std::int64_t last = no_time;
    for (const ArmedTimer& each : few_) {
      if (each.kind == TimerKind::event_time && each.due_ns != end_of_time) {
        last = std::max(last, each.due_ns);
      }
    }
    return last;
  }

  /// All timers, in the order of their ids.
  std::vector<ArmedTimer> all() const {
    std::vector<ArmedTimer> all(few_.begin(), few_.end());
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    if (many_ != nullptr) {
      many_->for_each([&](const ArmedTimer& each) { all.push_back(each); });
    }
    return all;
  }

 private:
  static constexpr std::size_t most_in_a_row = 8;

  static bool fires_before(const ArmedTimer& a, const ArmedTimer& b) {
    return std::tie(a.due_ns, a.id) < std::tie(b.due_ns, b.id);
  }

  struct Many {
    struct Due {
      std::int64_t due_ns;
      TimerKind kind;
    };
    struct Rank {
      std::int64_t due_ns;
      std::uint64_t id;
    };
    struct Before {
      bool operator()(const Rank& a, const Rank& b) const {
        const Less less{};
        return less(a.due_ns, b.due_ns) || (!less(b.due_ns, a.due_ns) && less(a.id, b.id));
      }
    };
    using Order = std::set<Rank, Before>;

    Order& order(TimerKind kind) { return kind == TimerKind::event_time ? event : processing; }
    const Order& order(TimerKind kind) const {
      return kind == TimerKind::event_time ? event : processing;
    }
    void add(const ArmedTimer& timer) {
      by_id.emplace(timer.id, Due{timer.due_ns, timer.kind});
      order(timer.kind).insert({timer.due_ns, timer.id});
    }
    std::optional<ArmedTimer> remove(std::uint64_t id) {
      const auto found = by_id.find(id);
      if (found == by_id.end()) {
        return std::nullopt;
      }
      const ArmedTimer removed{id, found->second.due_ns, found->second.kind};
      by_id.erase(found);
      order(removed.kind).erase({removed.due_ns, id});
      return removed;
    }
    std::optional<ArmedTimer> first(TimerKind kind) const {
      const Order& of_kind = order(kind);
      return of_kind.empty()
                 ? std::nullopt
                 : std::optional(ArmedTimer{of_kind.begin()->id, of_kind.begin()->due_ns, kind});
    }
    std::int64_t last_event_time() const {
      const auto beyond = event.lower_bound({end_of_time, 0});
      return beyond == event.begin() ? no_time : std::prev(beyond)->due_ns;
    }
    template <class Visit>
    void for_each(Visit visit) const {
      for (const auto& [id, due] : by_id) {
        visit(ArmedTimer{id, due.due_ns, due.kind});
      }
    }

    std::map<std::uint64_t, Due, Less> by_id;
    Order event;
    Order processing;
  };

  boost::container::small_vector<ArmedTimer, 1> few_;
  std::unique_ptr<Many> many_;
};

}  // namespace wallaroo::internal
