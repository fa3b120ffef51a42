#include "state/key_timers.hpp"

#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "state/key_timers_calls.hpp"
#include "state/property.rig.hpp"

namespace wallaroo::internal {
namespace {

using property_rig::expect_property;

std::string text(int key, const Timer& timer) {
  return fmt::format("{}{}#{}@{}", timer.kind == TimerKind::event_time ? "" : "p", key, timer.id,
                     timer.due.time_since_epoch().count());
}

// Returns the timers that fire as the result of each event.
class Rig {
 public:
  void at(int key, std::int64_t due, std::uint64_t id = 0) {
    timers.set(hash_key(key), key, id, TimerKind::event_time, due);
  }
  void processing(int key, std::int64_t due, std::uint64_t id = 0) {
    timers.set(hash_key(key), key, id, TimerKind::processing_time, due);
  }
  void cancel(int key, std::uint64_t id = 0) { timers.cancel(hash_key(key), key, id); }
  std::string watermark(std::int64_t watermark) {
    timers.on_watermark(watermark);
    return fire();
  }
  std::string time(std::int64_t now) {
    timers.on_time(now);
    return fire();
  }
  std::string fire(std::size_t at_most = 1000) {
    std::string said;
    more = timers.fire_due(at_most, [&](std::uint64_t, int key, const Timer& timer) {
      said += text(key, timer) + " ";
      if (on_timer) {
        on_timer(key, timer);
      }
    });
    return said;
  }

  KeyTimers<int> timers;
  std::function<void(int, const Timer&)> on_timer;
  bool more = false;
};

TEST(KeyTimers, TimersOfEventTimeFireInOrderWhenTheWatermarkHasReachedThem) {
  Rig rig;
  rig.at(1, 30);
  rig.at(2, 10);
  rig.at(1, 20, 7);
  EXPECT_EQ(rig.watermark(9), "");
  EXPECT_EQ(rig.watermark(20), "2#0@10 1#7@20 ");
  EXPECT_EQ(rig.time(1'000'000), "");
  EXPECT_EQ(rig.watermark(end_of_time), "1#0@30 ");
  EXPECT_EQ(rig.timers.keys(), 0u);
}

TEST(KeyTimers, TimersOfProcessingTimeFireWhenItHasPassed) {
  Rig rig;
  rig.processing(1, 30);
  rig.processing(2, 10);
  EXPECT_EQ(rig.watermark(100), "");
  EXPECT_EQ(rig.time(9), "");
  EXPECT_EQ(rig.time(10), "p2#0@10 ");
  EXPECT_EQ(rig.timers.next_due_ns(TimerKind::processing_time), 30);
  EXPECT_EQ(rig.time(31), "p1#0@30 ");
}

TEST(KeyTimers, TimersOfProcessingTimeDoNotFireAfterTheEnd) {
  Rig rig;
  rig.processing(1, 30);
  rig.at(2, end_of_time);
  EXPECT_EQ(rig.watermark(end_of_time), "2#0@9223372036854775807 ");
  EXPECT_EQ(rig.time(100), "");
  EXPECT_FALSE(rig.more);
}

TEST(KeyTimers, SettingAnIdAgainReplacesItsTimer) {
  Rig rig;
  rig.at(1, 10);
  rig.at(1, 20);
  rig.at(2, 30);
  rig.at(2, 15);
  rig.at(3, 5);
  rig.processing(3, 40);
  EXPECT_EQ(rig.timers.size(), 3u);
  EXPECT_EQ(rig.watermark(100), "2#0@15 1#0@20 ");
  EXPECT_EQ(rig.time(100), "p3#0@40 ");
}

TEST(KeyTimers, ACancelledTimerDoesNotFireAndLeavesNothing) {
  Rig rig;
  rig.at(1, 10);
  rig.at(1, 10, 1);
  rig.cancel(1);
  rig.cancel(1);
  rig.cancel(2);
  EXPECT_EQ(rig.timers.size(), 1u);
  EXPECT_EQ(rig.watermark(10), "1#1@10 ");
  EXPECT_EQ(rig.timers.keys(), 0u);
  EXPECT_EQ(rig.timers.queued(), 0u);
}

TEST(KeyTimers, ATimerThatIsMovedOnAndOnKeepsOneEntry) {
  Rig rig;
  for (int i = 0; i < 1000; ++i) {
    rig.cancel(1);
    rig.at(1, 10 + i);
  }
  EXPECT_EQ(rig.timers.queued(), 1u);
  EXPECT_EQ(rig.watermark(1008), "");
  EXPECT_EQ(rig.watermark(1009), "1#0@1009 ");
}

TEST(KeyTimers, ATimerThatWasMovedEarlierLeavesNothingBehind) {
  Rig rig;
  rig.at(1, 100);
  rig.at(1, 50);
  EXPECT_EQ(rig.timers.queued(), 1u);
  EXPECT_EQ(rig.watermark(50), "1#0@50 ");
  EXPECT_EQ(rig.timers.queued(), 0u);
  rig.at(1, 200);
  EXPECT_EQ(rig.timers.queued(), 1u);
  EXPECT_EQ(rig.watermark(100), "");
  EXPECT_EQ(rig.watermark(200), "1#0@200 ");
}

TEST(KeyTimers, WhatIsCancelledIsGoneAtOnceHoweverManyThereWere) {
  Rig rig;
  for (int key = 0; key < 100; ++key) {
    for (std::uint64_t id = 0; id < 20; ++id) {
      rig.at(key, end_of_time - static_cast<std::int64_t>(id), id);
    }
    rig.processing(key, 1000, 20);
  }
  EXPECT_EQ(rig.timers.queued(), 200u);
  for (int key = 0; key < 100; ++key) {
    for (std::uint64_t id = 0; id <= 20; ++id) {
      rig.cancel(key, id);
    }
  }
  EXPECT_EQ(rig.timers.size(), 0u);
  EXPECT_EQ(rig.timers.queued(), 0u);
  EXPECT_EQ(rig.timers.keys(), 0u);
}

TEST(KeyTimers, ATimerThatCancelsAllOthersOfItsKeyWhileItFiresLeavesNothingBehind) {
  Rig rig;
  rig.on_timer = [&](int key, const Timer&) {
    for (std::uint64_t id = 0; id < 20; ++id) {
      rig.cancel(key, id);
    }
    rig.at(key, 50, 3);
    rig.cancel(key, 3);
  };
  for (std::uint64_t id = 0; id < 20; ++id) {
    rig.at(1, 10, id);
  }
  EXPECT_EQ(rig.watermark(10), "1#0@10 ");
  EXPECT_EQ(rig.timers.queued(), 0u);
  EXPECT_EQ(rig.timers.keys(), 0u);
}

TEST(KeyTimers, OfAKeyFireNoMoreThanAreAllowedAndTheRestLater) {
  Rig rig;
  rig.on_timer = [&](int key, const Timer& timer) {
    rig.at(key, timer.due.time_since_epoch().count() + 10);
  };
  rig.at(1, 10);
  rig.at(2, 15);
  rig.timers.on_watermark(100);
  std::string said;
  const auto fire = [&](std::uint64_t, int key, const Timer& timer) {
    said += text(key, timer) + " ";
    rig.on_timer(key, timer);
  };
  std::size_t at_most = 3;
  EXPECT_FALSE(rig.timers.fire_due_of(hash_key(1), 1, at_most, fire));
  EXPECT_EQ(said, "1#0@10 1#0@20 1#0@30 ");
  EXPECT_EQ(rig.timers.next_due_ns(TimerKind::event_time), 15);
  at_most = 100;
  EXPECT_TRUE(rig.timers.fire_due_of(hash_key(1), 1, at_most, fire));
  EXPECT_EQ(at_most, 93u);
}

TEST(KeyTimers, WhatIsClosedFiresOnceInTheOrderOfEachKeysTimes) {
  Rig rig;
  rig.on_timer = [&](int key, const Timer& timer) {
    rig.at(key, timer.due.time_since_epoch().count() + 10, timer.id);
  };
  rig.at(1, 100);
  rig.at(2, 110);
  rig.at(2, 125, 1);
  rig.at(3, end_of_time);
  EXPECT_EQ(rig.watermark(50), "");
  rig.timers.close();
  std::string said;
  do {
    said += rig.fire(1);
  } while (rig.more);
  // Key 2 fires timers up to 125, the last of its timers when closing began.
  EXPECT_EQ(said, "1#0@100 2#0@110 2#0@120 2#1@125 ");
  EXPECT_EQ(rig.timers.size(), 4u);
  EXPECT_EQ(rig.watermark(130), "1#0@110 1#0@120 2#0@130 1#0@130 ");
}

TEST(KeyTimers, WhatHasNotBeenClosedWhenInputComesGoesOnWaiting) {
  Rig rig;
  rig.at(1, 100);
  rig.at(1, 200, 1);
  rig.at(2, 150);
  rig.timers.close();
  EXPECT_EQ(rig.fire(1), "1#0@100 ");
  rig.timers.stop_closing();
  EXPECT_EQ(rig.fire(), "");
  EXPECT_EQ(rig.watermark(200), "2#0@150 1#1@200 ");
  EXPECT_EQ(rig.timers.queued(), 0u);
  EXPECT_FALSE(rig.timers.can_close());
}

TEST(KeyTimers, MayBeCancelledAndSetWhileTheyAreClosed) {
  Rig rig;
  for (int key = 0; key < 4; ++key) {
    rig.at(key, 100 + key);
    rig.at(key, 200 + key, 1);
  }
  rig.timers.close();
  EXPECT_EQ(rig.fire(1), "0#0@100 ");
  rig.cancel(0, 1);
  rig.at(1, 5);
  rig.cancel(2);
  rig.cancel(2, 1);
  rig.at(4, 300);
  EXPECT_EQ(rig.fire(), "3#0@103 3#1@203 ");
  EXPECT_EQ(rig.watermark(400), "1#0@5 1#1@201 4#0@300 ");
  EXPECT_EQ(rig.timers.keys(), 0u);
}

// Counts comparisons of times and ids.
std::uint64_t comparisons = 0;
struct CountedLess {
  template <class T>
  bool operator()(const T& a, const T& b) const {
    ++comparisons;
    return a < b;
  }
};

// Sets, moves, cancels and fires that many timers of one key, in random order.
std::uint64_t comparisons_of(std::uint64_t timers) {
  KeyTimers<int, CountedLess> set;
  comparisons = 0;
  const auto at = [&](std::uint64_t id, std::int64_t due) {
    set.set(hash_key(1), 1, id, TimerKind::event_time, due);
  };
  const auto mixed = [&](std::uint64_t i) { return i * 2654435761U % timers; };
  for (std::uint64_t i = 0; i < timers; ++i) {
    at(mixed(i), static_cast<std::int64_t>(mixed(i * 7 + 1)));
  }
  for (std::uint64_t i = 0; i < timers; ++i) {
    at(i, static_cast<std::int64_t>(mixed(i * 3 + 2)));
  }
  for (std::uint64_t i = 0; i < timers; i += 4) {
    set.cancel(hash_key(1), 1, i);
  }
  set.on_watermark(static_cast<std::int64_t>(timers / 2));
  const auto nothing = [](std::uint64_t, int, const Timer&) {};
  while (set.fire_due(100, nothing)) {
  }
  set.on_watermark(end_of_time);
  std::size_t unbounded = timers;
  EXPECT_TRUE(set.fire_due_of(hash_key(1), 1, unbounded, nothing));
  EXPECT_EQ(set.size(), 0u);
  EXPECT_EQ(set.keys(), 0u);
  return comparisons;
}

TEST(KeyTimers, ManyOfOneKeyCostNLogNComparisons) {
  for (const std::uint64_t timers : {1'000, 30'000, 100'000}) {
    const double n_log_n = static_cast<double>(timers) * std::log2(static_cast<double>(timers));
    EXPECT_LT(static_cast<double>(comparisons_of(timers)), 25 * n_log_n) << timers << " timers";
  }
}

TEST(KeyTimers, TimersOfAKeyAndTimeFireInOrderOfTheirIds) {
  Rig rig;
  rig.at(1, 10, 3);
  rig.at(1, 10, 1);
  rig.at(1, 5, 2);
  rig.at(1, 10, 2);
  EXPECT_EQ(rig.watermark(10), "1#1@10 1#2@10 1#3@10 ");
}

TEST(KeyTimers, FiringIsSliced) {
  Rig rig;
  for (int key = 0; key < 5; ++key) {
    rig.at(key, 10 + key);
  }
  rig.timers.on_watermark(100);
  EXPECT_EQ(rig.fire(2), "0#0@10 1#0@11 ");
  EXPECT_TRUE(rig.more);
  EXPECT_EQ(rig.fire(3), "2#0@12 3#0@13 4#0@14 ");
  EXPECT_FALSE(rig.more);
}

TEST(KeyTimers, ATimerThatSetsItselfAgainCatchesUpAndEndsWithTheStream) {
  Rig rig;
  rig.on_timer = [&](int key, const Timer& timer) {
    rig.at(key, timer.due.time_since_epoch().count() + 10, timer.id);
  };
  rig.at(1, 10);
  EXPECT_EQ(rig.watermark(35), "1#0@10 1#0@20 1#0@30 ");
  EXPECT_EQ(rig.watermark(end_of_time), "1#0@40 ");
  EXPECT_EQ(rig.timers.size(), 0u);
}

TEST(KeyTimers, AskedForInACallTheyAreSetWhenItHasReturned) {
  KeyTimers<std::string_view> set;
  set.on_time(1000);
  Timers timers;
  TimersAccess::begin(timers, 5, no_time);
  timers.at(EventTime::max(), 9);
  TimersAccess::begin(timers, 7, 3);  // the call before threw
  EXPECT_EQ(timers.event_time().time_since_epoch().count(), 7);
  EXPECT_EQ(timers.watermark().time_since_epoch().count(), 3);
  timers.at(EventTime(std::chrono::nanoseconds(10)));
  timers.after(std::chrono::nanoseconds(50), 1);
  timers.after(std::chrono::nanoseconds(-50), 2);
  timers.at(EventTime::max(), 3);
  timers.cancel(3);
  const std::string_view key = "key";
  TimersAccess::apply(timers, set, hash_key(key), key);
  TimersAccess::apply(timers, set, hash_key(key), key);
  EXPECT_EQ(set.size(), 3u);
  EXPECT_EQ(set.next_due_ns(TimerKind::event_time), 10);
  EXPECT_EQ(set.next_due_ns(TimerKind::processing_time), 1000);
}

// The definition: a table of timers that is searched for the earliest.
struct PlainTimers {
  struct Due {
    TimerKind kind;
    std::int64_t time;
  };
  std::map<std::pair<int, std::uint64_t>, Due> set = {};
  std::int64_t watermark = no_time;
  std::int64_t now = no_time;
  std::map<int, std::vector<std::string>> fired = {};

  // Does what on_timer does in both: a timer of id 2 sets a later one, a timer of id 1 cancels id
  // 0.
  void fire_all(TimerKind kind) {
    const auto is_due = [&](const auto& each) {
      return each.second.kind == kind &&
             each.second.time <= (kind == TimerKind::event_time ? watermark : now);
    };
    while (std::any_of(set.begin(), set.end(), is_due)) {
      auto first = set.end();
      for (auto each = set.begin(); each != set.end(); ++each) {
        if (is_due(*each) && (first == set.end() || each->second.time < first->second.time)) {
          first = each;
        }
      }
      const auto [place, due] = *first;
      set.erase(first);
      fired[place.first].push_back(text(
          place.first, Timer{place.second, EventTime(std::chrono::nanoseconds(due.time)), kind}));
      if (place.second == 2 && watermark != end_of_time) {
        set[{place.first, 3}] = {kind, due.time + 7};
      } else if (place.second == 1) {
        set.erase({place.first, 0});
      }
    }
  }
};

TEST(KeyTimers, EachKeysTimersFireAsThoseOfAPlainTableHoweverFiringIsSliced) {
  expect_property("timers", 3000, [] {
    PlainTimers plain;
    Rig rig;
    std::map<int, std::vector<std::string>> fired;
    const auto fire = [&](std::uint64_t hash, int key, const Timer& timer) {
      fired[key].push_back(text(key, timer));
      if (timer.id == 2) {
        rig.timers.set(hash, key, 3, timer.kind, timer.due.time_since_epoch().count() + 7);
      } else if (timer.id == 1) {
        rig.timers.cancel(hash, key, 0);
      }
    };
    const auto steps = *rc::gen::container<std::vector<std::tuple<int, int, int, int>>>(
        rc::gen::tuple(rc::gen::inRange(0, 9), rc::gen::inRange(0, 3), rc::gen::inRange(0, 4),
                       rc::gen::inRange(0, 16)));
    std::int64_t watermark = 0;
    std::int64_t now = 0;
    const auto fire_processing = [&] {
      while (rig.timers.fire_due(1000, fire)) {
      }
      plain.fire_all(TimerKind::processing_time);
    };
    for (const auto& [action, key, id_number, offset] : steps) {
      const auto id = static_cast<std::uint64_t>(id_number);
      // Fires as before a record of the key, which waits while there is more to fire.
      for (std::size_t at_most = 2; !rig.timers.fire_due_of(hash_key(key), key, at_most, fire);
           at_most = 1) {
      }
      if (action < 4) {
        const bool event = action < 3;
        const std::int64_t due = (event ? watermark - 2 : now) + offset;
        const auto kind = event ? TimerKind::event_time : TimerKind::processing_time;
        rig.timers.set(hash_key(key), key, id, kind, due);
        plain.set[{key, id}] = {kind, due};
        // A timer that is due already fires after the call.
        std::size_t unbounded = 1'000'000;
        rig.timers.fire_due_of(hash_key(key), key, unbounded, fire);
        plain.fire_all(TimerKind::event_time);
        fire_processing();
      } else if (action < 5) {
        rig.cancel(key, id);
        plain.set.erase({key, id});
      } else if (action < 6) {
        rig.timers.on_watermark(watermark += offset);
        plain.watermark = watermark;
        plain.fire_all(TimerKind::event_time);
      } else if (action < 7) {
        fire_processing();
        rig.timers.on_time(now += offset);
        plain.now = now;
        fire_processing();
      } else {
        rig.timers.fire_due(static_cast<std::size_t>(offset) % 4, fire);
      }
    }
    fire_processing();
    // Much may be due when the end comes.
    rig.timers.on_watermark(watermark += 5);
    plain.watermark = watermark;
    plain.fire_all(TimerKind::event_time);
    rig.timers.on_watermark(end_of_time);
    plain.watermark = end_of_time;
    plain.fire_all(TimerKind::event_time);
    while (rig.timers.fire_due(1, fire)) {
    }
    RC_ASSERT(fired == plain.fired);
    RC_ASSERT(rig.timers.size() == plain.set.size());
    RC_ASSERT(rig.timers.queued() >= rig.timers.keys());
    RC_ASSERT(rig.timers.queued() <= 2 * rig.timers.keys());
  });
}

}  // namespace
}  // namespace wallaroo::internal
