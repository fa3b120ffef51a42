// Windows open, fire and are forgotten while they are saved, against a std::map of the open ones.
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "state/save.rig.hpp"
#include "window/aligned_set.hpp"
#include "window/window.rig.hpp"

namespace wallaroo::internal {
namespace {

using save_rig::all_groups;
using save_rig::Saves;
using window_rig::List;

constexpr std::int64_t range_ns = 10;

/// The records of the open windows, by their start and key.
using Model = std::map<std::pair<std::int64_t, int>, std::string>;
using Set = AlignedSet<int, int, List>;

struct Fired {
  Model all;
  void result(int key, std::uint64_t, const Window& window, const std::string& list, std::int64_t) {
    if (window.firing != Firing::late) {
      ASSERT_TRUE(all.emplace(std::pair(window.start, key), list).second) << "fired twice";
    }
  }
  void late(std::uint64_t, int, std::int64_t, int) {}
};

WindowSettings settings() {
  WindowSettings settings{.range_ns = range_ns, .slide_ns = range_ns};
  settings.late_data = LateData::fire_per_message;
  return settings;
}

class SavingRig {
 public:
  SavingRig(std::uint32_t seed, int keys) : random_(seed), keys_(keys), set_(settings(), List()) {
    set_.on_watermark(watermark_);
  }

  void run(int saves) {
    for (int save = 0; save < saves && !testing::Test::HasFatalFailure(); ++save) {
      change(random_() % 3 == 0 ? 0 : random_() % 300);
      save_once();
    }
  }

 private:
  StatePart& part() { return *set_.parts().front(); }

  void save_once() {
    const Model as_of = model_;
    const auto clock = set_.saved(0);
    SaveStart start{0, all_groups(), {}};
    start.also[random_() % key_group_count] = random_() % 8 == 0;
    part().begin_save(start);
    bool more = true;
    while (more && random_() % 60 != 0) {
      change(random_() % 8);
      std::size_t budget = random_() % 8;
      more = part().save_some(budget, saves_);
    }
    const bool fails = random_() % 4 == 0;
    if (!fails) {
      save_rig::save_rest(part(), saves_, random_);
      change(random_() % 8);
    }
    if (fails || random_() % 4 == 0) {
      part().abandon_save();
      saves_.abandon();
      return;
    }
    saves_.complete();
    expect_restored(as_of, clock);
  }

  void expect_restored(const Model& wanted, const StageClock::Saved& clock) {
    Set restored(settings(), List());
    saves_.restore(*restored.parts().front(), all_groups());
    restored.restore(std::span(&clock, 1), 0);
    restored.restored();
    ASSERT_EQ(restored.counts().open, wanted.size());
    Fired fired;
    restored.on_watermark(end_of_time);
    while (restored.fire_due(7, fired)) {
    }
    ASSERT_TRUE(fired.all == wanted) << fired.all.size() << " instead of " << wanted.size();
  }

  void change(std::size_t times) {
    while (times-- > 0) {
      change_one();
    }
    ASSERT_EQ(set_.counts().open, model_.size());
  }
  void change_one() {
    Fired fired;
    const int key = static_cast<int>(random_() % static_cast<std::uint32_t>(keys_));
    const std::uint32_t what = random_() % 40;
    if (what == 0) {
      watermark_ += random_() % 25;
      set_.on_watermark(watermark_);
    } else if (what < 3) {
      set_.fire_due(random_() % 20 + 1, fired);
    } else if (what == 3) {  // late, which fires the due windows of its key
      set_.on_record(hash_key(key), key, watermark_ - 3 * range_ns, 1, fired);
    } else {
      const std::int64_t time = watermark_ + static_cast<std::int64_t>(random_() % 40);
      const int value = static_cast<int>(random_() % 1000);
      set_.on_record(hash_key(key), key, time, value, fired);
      model_[{floor_to(time, range_ns, 0), key}] += std::to_string(value) + " ";
    }
    for (const auto& [place, list] : fired.all) {
      ASSERT_EQ(model_.at(place), list);
      model_.erase(place);
    }
  }

  std::mt19937 random_;
  int keys_;
  std::int64_t watermark_ = 0;
  Set set_;
  Model model_;
  Saves saves_;
};

TEST(AlignedSetSaving, WindowsAreSavedAsTheyWereAtTheStart) {
  for (const int keys : {1, 20, 2'000}) {
    for (std::uint32_t seed = 0; seed < 30 && !testing::Test::HasFailure(); ++seed) {
      SCOPED_TRACE(testing::Message() << keys << " keys, seed " << seed);
      SavingRig(seed, keys).run(25);
    }
  }
}

TEST(AlignedSetSaving, NothingIsSavedWhereNothingChanged) {
  Set set(settings(), List());
  StatePart& part = *set.parts().front();
  Saves saves;
  std::mt19937 random(1);
  const auto save = [&] {
    part.begin_save({0, all_groups(), {}});
    save_rig::save_rest(part, saves, random);
    const std::size_t groups = saves.draft().size();
    saves.complete();
    return groups;
  };
  EXPECT_EQ(save(), key_group_count);
  EXPECT_EQ(save(), 0U);
  Fired fired;
  set.on_record(hash_key(1), 1, 5, 1, fired);
  EXPECT_EQ(save(), key_group_count);
  EXPECT_EQ(save(), 0U);
  set.on_watermark(10);
  while (set.fire_due(10, fired)) {
  }
  EXPECT_EQ(save(), key_group_count);
  EXPECT_EQ(save(), 0U);
}

TEST(AlignedSetSaving, BytesThatAreNotWhatTheyShouldBeAreRefused) {
  StoredWriter out;
  store(std::int64_t{10}, out);
  store(7, out);
  store(std::string("1 "), out);
  const std::string bytes(out.bytes());
  const std::size_t group = key_group(hash_key(7));
  const auto load = [](std::size_t in, std::string_view given) {
    Set set(settings(), List());
    StatePart& part = *set.parts().front();
    part.begin_load(part.key_schema(), part.value_schema(), 0);
    part.load(in, given, 1);
  };
  EXPECT_NO_THROW(load(group, bytes));
  EXPECT_THROW(load(group + 1, bytes), StoredError);
  EXPECT_THROW(load(group, bytes + "x"), StoredError);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW(load(group, bytes.substr(0, size)), StoredError) << size;
  }
}

}  // namespace
}  // namespace wallaroo::internal
