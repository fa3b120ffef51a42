// Range windows that give results also for windows without records.
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <numeric>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "window/range_set.hpp"
#include "window/window.rig.hpp"

namespace wallaroo::internal {
namespace {

using window_rig::List;
using Texts = std::vector<std::string>;

/// A stage of such windows, with the results since they were taken last.
class EmptiesStage {
 public:
  explicit EmptiesStage(const WindowSettings& settings)
      : set_(std::make_unique<Set>(settings)), settings_(settings) {
    check(settings, "test");
    set_->on_time(0, out_);
  }

  void record(std::int64_t time, int value, int key = 0) {
    set_->on_record(hash_key(key), key, time, value, out_);
  }
  Texts watermark(std::int64_t time, std::size_t slice = 100) {
    set_->on_watermark(time);
    return fire(slice);
  }
  Texts time(std::int64_t now) {
    set_->on_time(now, out_);
    return fire(100);
  }
  Texts end() { return watermark(end_of_time); }
  Texts take() { return std::exchange(out_.all, {}); }
  std::map<std::string, Texts> take_by_key() {
    out_.all.clear();
    return std::exchange(out_.by_key, {});
  }
  bool quiet() const { return !set_->due() && set_->next_time_ns() == end_of_time; }
  std::int64_t output_watermark() const { return set_->output_watermark(); }
  void idle() { set_->on_idle(true); }

  /// Goes on in another set, as after a restart.
  void restart() { restart(settings_); }
  void restart(const WindowSettings& settings);

 private:
  using Set = RangeSet<int, int, List>;

  Texts fire(std::size_t slice) {
    while (set_->fire_due(slice, out_)) {
    }
    return take();
  }

  std::unique_ptr<Set> set_;
  WindowSettings settings_;
  window_rig::Outputs<List> out_;
};

class Sections final : public SectionSink {
 public:
  void section(std::size_t group, std::string_view bytes, std::uint32_t entries) override {
    all.push_back({group, std::string(bytes), entries});
  }
  struct One {
    std::size_t group;
    std::string bytes;
    std::uint32_t entries;
  };
  std::vector<One> all;
};

void EmptiesStage::restart(const WindowSettings& settings) {
  auto next = std::make_unique<Set>(settings);
  const auto from = set_->parts();
  const auto to = next->parts();
  ASSERT_EQ(from.size(), to.size());
  for (std::size_t i = 0; i < from.size(); ++i) {
    SaveStart start;
    start.owned.set();
    start.also.set();
    Sections saved;
    from[i]->begin_save(start);
    std::size_t budget = 1'000'000;
    while (from[i]->save_some(budget, saved)) {
      budget = 1'000'000;
    }
    to[i]->begin_load(from[i]->key_schema(), from[i]->value_schema(), 0);
    for (const auto& section : saved.all) {
      to[i]->load(section.group, section.bytes, section.entries);
    }
    to[i]->end_load();
  }
  const std::vector<StageClock::Saved> clock{set_->saved(0)};
  next->restore(clock, 0);
  next->restored();
  set_ = std::move(next);
  set_->on_time(0, out_);
}

WindowSettings range(std::int64_t range_ns, std::int64_t slide_ns, std::int64_t delay_ns = 0) {
  WindowSettings settings;
  settings.range_ns = range_ns;
  settings.slide_ns = slide_ns;
  settings.delay_ns = delay_ns;
  settings.empty_windows = true;
  return settings;
}

TEST(EmptyWindows, OfAKeyFireBetweenItsRecords) {
  EmptiesStage stage(range(10, 10));
  stage.record(3, 1);
  stage.record(34, 2);
  EXPECT_EQ(stage.watermark(40), (Texts{"[0,10): 1 ", "[10,20): ", "[20,30): ", "[30,40): 2 "}));
}

TEST(EmptyWindows, OfAKeyFireAsLongAsOtherKeysHaveRecords) {
  EmptiesStage stage(range(10, 10));
  stage.record(3, 1, 7);
  stage.watermark(10);
  for (int i = 1; i < 20; ++i) {
    stage.record(10 * i, i, 8);
    stage.watermark(10 * i + 10);
  }
  auto by_key = stage.take_by_key();
  EXPECT_EQ(by_key["7"].size(), 20U);
  EXPECT_EQ(by_key["7"].front(), "[0,10): 1 ");
  EXPECT_EQ(by_key["7"].back(), "[190,200): ");
  EXPECT_EQ(by_key["8"].size(), 19U);
}

TEST(EmptyWindows, StopFourTimesTheirLengthAfterTheLastRecord) {
  EmptiesStage stage(range(10, 10));
  stage.record(3, 1);
  EXPECT_EQ(stage.watermark(1000), (Texts{"[0,10): 1 ", "[10,20): ", "[20,30): ", "[30,40): "}));
  EXPECT_TRUE(stage.quiet());
  EXPECT_EQ(stage.output_watermark(), 1000) << "a key that was forgotten holds nothing back";
  stage.record(1001, 2);
  EXPECT_EQ(stage.watermark(1010), Texts{"[1000,1010): 2 "});
}

TEST(EmptyWindows, AreNoneBeforeTheFirstRecordOfTheKey) {
  EmptiesStage stage(range(10, 10));
  stage.record(3, 1, 1);
  stage.watermark(20);
  stage.take_by_key();
  stage.record(25, 2, 2);
  stage.watermark(30);
  EXPECT_EQ(stage.take_by_key()["2"], Texts{"[20,30): 2 "});
}

TEST(EmptyWindows, MaySlideAndWaitForLateRecords) {
  EmptiesStage stage(range(10, 5, 3));
  stage.record(7, 1);
  EXPECT_EQ(stage.watermark(12), Texts{});
  EXPECT_EQ(stage.watermark(13), Texts{"[0,10): 1 "});
  stage.record(26, 2);
  EXPECT_EQ(stage.watermark(28), (Texts{"[5,15): 1 ", "[10,20): ", "[15,25): "}));
  stage.record(24, 3);
  EXPECT_EQ(stage.watermark(33), Texts{"[20,30): 3 2 "}) << "panes in order of time";
}

TEST(EmptyWindows, FollowTheNewestRecordAtTheEndOfTheStreamAndThenStop) {
  EmptiesStage stage(range(10, 10));
  stage.record(3, 1, 1);
  stage.record(25, 2, 2);
  EXPECT_EQ(stage.end().size(), 3U + 1U);
  auto by_key = stage.take_by_key();
  EXPECT_EQ(by_key["1"], (Texts{"[0,10) closed: 1 ", "[10,20) closed: ", "[20,30) closed: "}));
  EXPECT_EQ(by_key["2"], Texts{"[20,30) closed: 2 "});
  EXPECT_TRUE(stage.quiet());
  EXPECT_EQ(stage.output_watermark(), end_of_time);
}

TEST(EmptyWindows, AreClosedByATimeoutWithTheOthers) {
  WindowSettings settings = range(10, 10);
  settings.timeout_ns = 40;
  EmptiesStage stage(settings);
  stage.record(3, 1, 1);
  stage.record(25, 2, 2);
  stage.idle();
  EXPECT_EQ(stage.time(1), Texts{});
  EXPECT_EQ(stage.time(40), Texts{});
  stage.time(41);
  auto by_key = stage.take_by_key();
  EXPECT_EQ(by_key["1"], (Texts{"[0,10) closed: 1 ", "[10,20) closed: ", "[20,30) closed: "}));
  EXPECT_EQ(by_key["2"], Texts{"[20,30) closed: 2 "});
}

TEST(EmptyWindows, OfKeysWithoutRecordsInOpenWindowsSurviveARestart) {
  EmptiesStage stage(range(10, 10));
  stage.record(3, 1);
  EXPECT_EQ(stage.watermark(20), (Texts{"[0,10): 1 ", "[10,20): "}));
  stage.restart();
  EXPECT_EQ(stage.watermark(30), Texts{"[20,30): "});
}

TEST(EmptyWindows, CannotBeSwitchedOffInACheckpoint) {
  EmptiesStage stage(range(10, 5));
  stage.record(3, 1);
  WindowSettings without = range(10, 5);
  without.empty_windows = false;
  EXPECT_THROW(stage.restart(without), StoredError);
}

/// The rule of the guide, computed from all records anew after each event.
struct Rule {
  std::int64_t range, slide, delay;
  std::int64_t newest = no_time;
  struct OfKey {
    std::int64_t next_end = 0;
    std::vector<std::pair<std::int64_t, int>> records;
  };
  std::map<int, OfKey> keys;
  std::multiset<std::string> results;

  void record(std::int64_t time, int value, int key, std::int64_t watermark) {
    newest = std::max(newest, time);
    const bool known = keys.contains(key);
    OfKey& of_key = keys[key];
    of_key.records.emplace_back(time, value);
    if (!known) {
      // The first window with the record that the watermark has not passed.
      of_key.next_end = floor_to(time - range, slide, 0) + slide + range;
      while (of_key.next_end + delay <= watermark) {
        of_key.next_end += slide;
      }
    }
  }
  void pass(std::int64_t watermark) {
    for (auto key = keys.begin(); key != keys.end();) {
      key = pass(key, watermark) ? std::next(key) : keys.erase(key);
    }
  }
  /// False if the key is forgotten.
  bool pass(std::map<int, OfKey>::iterator key, std::int64_t watermark) {
    const std::int64_t silence = watermark == end_of_time ? range : 4 * (range + delay);
    for (std::int64_t& end = key->second.next_end;
         watermark == end_of_time || end + delay <= watermark; end += slide) {
      if (end > newest + silence) {
        return false;
      }
      std::map<std::int64_t, std::string> panes;  // a window combines its panes in order of time
      for (const auto& [time, value] : key->second.records) {
        if (time >= end - range && time < end) {
          panes[floor_to(time, std::gcd(range, slide), 0)] += std::to_string(value) + " ";
        }
      }
      std::string list;
      for (const auto& [start, values] : panes) {
        list += values;
      }
      results.insert(std::to_string(key->first) + " [" + std::to_string(end - range) + "," +
                     std::to_string(end) + "): " + list);
    }
    return true;
  }
};

RC_GTEST_PROP(EmptyWindows, FireAsTheRuleSays, ()) {
  const auto slide = *rc::gen::inRange<std::int64_t>(1, 8);
  const auto length = slide * *rc::gen::inRange<std::int64_t>(1, 4);
  const auto delay = *rc::gen::inRange<std::int64_t>(0, 6);
  EmptiesStage stage(range(length, slide, delay));
  Rule rule{length, slide, delay, no_time, {}, {}};
  std::int64_t now = 100;
  std::int64_t watermark = 0;
  for (int i = *rc::gen::inRange(0, 60); i > 0; --i) {
    const bool pause = *rc::gen::inRange(0, 10) == 0;
    now += *rc::gen::inRange<std::int64_t>(0, pause ? 10 * length : slide + 1);
    const int key = *rc::gen::inRange(0, 3);
    stage.record(now, i, key);
    rule.record(now, i, key, watermark);
    if (*rc::gen::arbitrary<bool>()) {
      watermark = now + *rc::gen::inRange<std::int64_t>(0, *rc::gen::arbitrary<bool>() ? 1 : 60);
      now = watermark;
      stage.watermark(watermark, *rc::gen::inRange<std::size_t>(1, 5));
      rule.pass(watermark);
    }
    if (*rc::gen::inRange(0, 8) == 0) {
      stage.restart();
    }
  }
  if (*rc::gen::arbitrary<bool>()) {
    stage.end();
    rule.pass(end_of_time);
    RC_ASSERT(stage.quiet());
  }
  std::multiset<std::string> results;
  for (const auto& [key, texts] : stage.take_by_key()) {
    for (std::string text : texts) {
      if (const auto closed = text.find(" closed"); closed != std::string::npos) {
        text.erase(closed, 7);
      }
      results.insert(key + " " + text);
    }
  }
  RC_ASSERT(results == rule.results);
}

}  // namespace
}  // namespace wallaroo::internal
