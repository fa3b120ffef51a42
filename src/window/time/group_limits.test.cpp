// Windows of several executors, some of them closed by time-outs, are continued by other executors.
#include "window/time/group_limits.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "state/save.rig.hpp"
#include "window/aligned_set.hpp"
#include "window/window.rig.hpp"
#include "window/window_set.hpp"

namespace wallaroo::internal {
namespace {

using window_rig::List;
using window_rig::Outputs;

/// The executors of one stage of windows, each with the keys that are its own.
template <class Set>
class Executors {
 public:
  Executors(const WindowSettings& settings, int executors)
      : settings_(settings), owners_(assign_evenly(static_cast<std::size_t>(executors))) {
    for (int i = 0; i < executors; ++i) {
      sets_.push_back(std::make_unique<Set>(settings, List()));
    }
  }

  void record(int key, std::int64_t time, int value) {
    owner(key).on_record(hash_key(key), key, time, value, out);
  }
  void watermark(std::int64_t time) {
    for (const auto& set : sets_) {
      set->on_watermark(time);
    }
  }
  /// Makes the time-out of one executor come, because nothing has come for long.
  void time_out(std::size_t executor) {
    Set& set = *sets_[executor % sets_.size()];
    for (int i = 0; i < 2; ++i) {
      set.on_time(now_ += 1000, out);
    }
  }
  void fire() {
    for (const auto& set : sets_) {
      while (set->fire_due(3, out)) {
      }
    }
  }
  Set& owner(int key) { return *sets_[owners_->owner(key_group(hash_key(key)))]; }

  /// Returns other executors that go on from a checkpoint of these.
  Executors restored(int executors, std::mt19937& random) {
    Executors next(settings_, executors);
    std::vector<StageClock::Saved> clocks;
    const auto parts = sets_.front()->parts().size();
    std::vector<save_rig::Saves> saves(parts);
    for (std::size_t i = 0; i < sets_.size(); ++i) {
      clocks.push_back(
          load_all<StageClock::Saved>({schema_text<StageClock::Saved>(),
                                       std::vector<std::string>{store_one(sets_[i]->saved(0))}})
              .front());
      for (std::size_t part = 0; part < parts; ++part) {
        sets_[i]->parts()[part]->begin_save({0, groups_of(i), groups_of(i)});
        save_rig::save_rest(*sets_[i]->parts()[part], saves[part], random);
      }
    }
    for (save_rig::Saves& each : saves) {
      each.complete();
    }
    for (std::size_t i = 0; i < next.sets_.size(); ++i) {
      for (std::size_t part = 0; part < parts; ++part) {
        saves[part].restore(*next.sets_[i]->parts()[part], next.groups_of(i));
      }
      next.sets_[i]->restore(clocks, 0);
      next.sets_[i]->restored();
    }
    return next;
  }

  Outputs<List> out;

 private:
  KeyGroups groups_of(std::size_t executor) const {
    KeyGroups groups;
    for (std::size_t group = 0; group < key_group_count; ++group) {
      groups[group] = owners_->owner(group) == executor;
    }
    return groups;
  }

  WindowSettings settings_;
  AssignmentPtr owners_;
  std::vector<std::unique_ptr<Set>> sets_;
  std::int64_t now_ = 0;
};

using ByKey = std::map<std::string, std::vector<std::string>>;

/// Removes the mark of closed windows.
ByKey unmarked(ByKey by_key) {
  for (auto& [key, results] : by_key) {
    for (std::string& result : results) {
      if (const auto mark = result.find(" closed"); mark != std::string::npos) {
        result.erase(mark, 7);
      }
    }
  }
  return by_key;
}

template <class Set>
class Rescaling {
 public:
  Rescaling(const WindowSettings& settings, std::uint32_t seed)
      : random_(seed), undisturbed_(settings, pick(1, 4)) {
    undisturbed_.watermark(0);
  }

  /// Returns how many results came after the restart.
  std::size_t run() {
    const bool time_outs = true;
    change(undisturbed_, undisturbed_, pick(20, 80), time_outs);
    // Windows that had not fired do so at another moment, and may no longer know why.
    const bool all_fired = random_() % 3 != 0;
    if (all_fired) {
      undisturbed_.fire();
    }
    undisturbed_.out = {};
    Executors restored = undisturbed_.restored(pick(1, 4), random_);
    for (int times = pick(0, 2); times > 0; --times) {
      restored = restored.restored(pick(1, 4), random_);
    }
    change(undisturbed_, restored, pick(20, 80), !time_outs);
    for (auto* executors : {&undisturbed_, &restored}) {
      executors->watermark(end_of_time);
      executors->fire();
    }
    const ByKey& wanted = undisturbed_.out.by_key;
    const ByKey& seen = restored.out.by_key;
    EXPECT_EQ(unmarked(seen), unmarked(wanted));
    if (all_fired) {
      EXPECT_EQ(seen, wanted);
    }
    return wanted.size();
  }

 private:
  int pick(int from, int to) {
    return from + static_cast<int>(random_() % static_cast<std::uint32_t>(to - from + 1));
  }

  void change(Executors<Set>& a, Executors<Set>& b, int steps, bool time_outs) {
    const auto both = [&](auto&& work) {
      work(a);
      if (&a != &b) {
        work(b);
      }
    };
    for (int i = 0; i < steps; ++i) {
      const int what = pick(0, 19);
      if (what < 2) {
        watermark_ += pick(0, 12);
        both([&](Executors<Set>& each) { each.watermark(watermark_); });
        both([&](Executors<Set>& each) { each.fire(); });
      } else if (what < 4 && time_outs) {
        a.time_out(static_cast<std::size_t>(pick(0, 3)));
      } else {
        const int key = pick(0, 11);
        const std::int64_t time = watermark_ + pick(-15, 25);
        both([&](Executors<Set>& each) { each.record(key, time, i); });
      }
    }
  }

  std::mt19937 random_;
  Executors<Set> undisturbed_;
  std::int64_t watermark_ = 0;
};

template <class Set>
void expect_the_same_on_other_executors(WindowSettings settings) {
  settings.timeout_ns = 500;
  std::size_t results = 0;
  for (const LateData policy : {LateData::drop, LateData::fire_per_message,
                                LateData::place_in_oldest_window, LateData::to_stream}) {
    for (const std::int64_t delay : {0, 7}) {
      settings.late_data = policy;
      settings.delay_ns = delay;
      check(settings, "test");
      for (std::uint32_t seed = 0; seed < 150 && !testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE(testing::Message() << "policy " << static_cast<int>(policy) << ", delay "
                                        << delay << ", seed " << seed);
        results += Rescaling<Set>(settings, seed).run();
      }
    }
  }
  EXPECT_GT(results, 1000U);
}

using Aligned = AlignedSet<int, int, List>;
using Panes = WindowSet<int, int, List, PaneWindows<List, int>>;
using Sessions = WindowSet<int, int, List, SessionWindows<List, int>>;

TEST(WindowsOnOtherExecutors, TumblingThatATimeoutClosedStayClosed) {
  expect_the_same_on_other_executors<Aligned>({.range_ns = 10, .slide_ns = 10});
}

TEST(WindowsOnOtherExecutors, SlidingThatATimeoutClosedStayClosed) {
  expect_the_same_on_other_executors<Panes>({.range_ns = 12, .slide_ns = 4});
  expect_the_same_on_other_executors<Panes>(
      {.range_ns = 10, .slide_ns = 10, .spread_by_key = true});
}

TEST(WindowsOnOtherExecutors, SessionsThatATimeoutClosedStayClosed) {
  expect_the_same_on_other_executors<Sessions>({.kind = WindowKind::session, .gap_ns = 6});
}

TEST(GroupLimits, AreForgottenWhenTheStageHasPassedThem) {
  GroupLimits limits;
  EXPECT_TRUE(limits.empty());
  EXPECT_EQ(limits.of(hash_key(1), 5), 5);
  std::vector<std::int64_t> each(key_group_count, 10);
  each[key_group(hash_key(1))] = 20;
  limits.set(each, 5);
  EXPECT_EQ(limits.of(hash_key(1), 5), 20);
  EXPECT_EQ(limits.of(hash_key(1), 30), 30);
  EXPECT_EQ(limits.all(), each);
  limits.pass(19);
  EXPECT_EQ(limits.of(hash_key(1), 19), 20);
  limits.pass(20);
  EXPECT_TRUE(limits.empty());
  limits.set(each, 20);
  EXPECT_TRUE(limits.empty());
}

TEST(GroupLimits, AreThoseOfTheExecutorsThatOwnedTheGroups) {
  std::vector<StageClock::Saved> all(2);
  all[0].limit = 10;
  all[1].limit = 20;
  const std::vector<std::int64_t> even =
      limits_of_groups(std::span<const StageClock::Saved>(all), {});
  EXPECT_EQ(even.front(), 10);
  EXPECT_EQ(even.back(), 20);
  // Of a checkpoint with four groups, of which the executors had two each, but not in runs.
  const std::vector<std::uint16_t> owners{1, 0, 0, 1};
  all[0].group_limits = {0, 15, 5, 0};
  const auto limits = limits_of_groups(std::span<const StageClock::Saved>(all), owners);
  for (std::size_t group = 0; group < key_group_count; ++group) {
    constexpr std::int64_t wanted[] = {20, 15, 10, 20};
    ASSERT_EQ(limits[group], wanted[group % 4]) << group;
  }
}

TEST(GroupLimits, OfACheckpointMustBeOneForEachKeyGroup) {
  Aligned set({.range_ns = 10, .slide_ns = 10}, List());
  StageClock::Saved saved = set.saved(0);
  saved.group_limits = {1, 2, 3};
  EXPECT_THROW(set.restore(std::span(&saved, 1), 0), StoredError);
}

}  // namespace
}  // namespace wallaroo::internal
