// Properties of tables per window that windows by definition (window_set_property.test.cpp) do not
// show.
#include "window/aligned_set.hpp"

#include <cstdint>
#include <stdexcept>

#include <gtest/gtest.h>

#include "window/range_set.hpp"
#include "window/window.rig.hpp"

namespace wallaroo::internal {
namespace {

using window_rig::List;
using Texts = std::vector<std::string>;

WindowSettings tumbling(std::int64_t range_ns) {
  return {.range_ns = range_ns, .slide_ns = range_ns};
}

struct Picky : List {
  void update(const int& record, std::string& list) const {
    if (record < 0) {
      throw std::invalid_argument("negative");
    }
    List::update(record, list);
  }
};

template <class A = List>
struct Rig {
  explicit Rig(std::int64_t range_ns) : set(tumbling(range_ns), A()) {}
  void record(std::int64_t time, int value, int key = 0) {
    set.on_record(hash_key(key), key, time, value, out);
  }
  Texts watermark(std::int64_t time) {
    set.on_watermark(time);
    while (set.fire_due(100, out)) {
    }
    return std::exchange(out.all, {});
  }
  AlignedSet<int, int, A> set;
  window_rig::Outputs<A> out;
};

TEST(AlignedSet, FitsTumblingWindowsWithoutSpreadAndEarlyOutputOnly) {
  using Set = AlignedSet<int, int, List>;
  EXPECT_TRUE(Set::fits(tumbling(10)));
  WindowSettings settings = tumbling(10);
  settings.slide_ns = 5;
  EXPECT_FALSE(Set::fits(settings));
  settings = tumbling(10);
  settings.spread_by_key = true;
  EXPECT_FALSE(Set::fits(settings));
  settings = tumbling(10);
  settings.early_every_ns = 1;
  EXPECT_FALSE(Set::fits(settings));
}

TEST(AlignedSet, FiresNoMoreWindowsInASliceThanItIsAllowed) {
  Rig<> rig(10);
  for (int key = 0; key < 10; ++key) {
    rig.record(5, key, key);
  }
  rig.set.on_watermark(10);
  EXPECT_TRUE(rig.set.fire_due(4, rig.out));
  EXPECT_EQ(rig.out.all.size(), 4U);
  EXPECT_TRUE(rig.set.due());
  EXPECT_EQ(rig.set.output_watermark(), 9) << "results of the window still follow";
  EXPECT_TRUE(rig.set.fire_due(4, rig.out));
  EXPECT_FALSE(rig.set.fire_due(4, rig.out));
  EXPECT_EQ(rig.out.all.size(), 10U);
  EXPECT_EQ(rig.set.output_watermark(), 10);
  EXPECT_EQ(rig.set.counts().fired, 10U);
}

TEST(AlignedSet, EveryKeyFiresOnceWhenRecordsComeBetweenSlices) {
  constexpr int keys = 300;
  Rig<> rig(10);
  for (int key = 0; key < keys; ++key) {
    rig.record(5, key, key);
  }
  rig.set.on_watermark(10);
  for (int key = 0; key < keys; ++key) {
    rig.set.fire_due(1, rig.out);
    rig.record(15, key, key);
  }
  rig.watermark(20);
  for (int key = 0; key < keys; ++key) {
    EXPECT_EQ(
        rig.out.by_key[std::to_string(key)],
        (Texts{"[0,10): " + std::to_string(key) + " ", "[10,20): " + std::to_string(key) + " "}));
  }
}

TEST(AlignedSet, ARecordThatUpdateRefusesOpensNoWindow) {
  Rig<Picky> rig(10);
  EXPECT_THROW(rig.record(5, -1), std::invalid_argument);
  EXPECT_EQ(rig.set.counts().open, 0U);
  EXPECT_EQ(rig.watermark(15), Texts());
  EXPECT_EQ(rig.set.output_watermark(), 15);
  rig.record(15, 1);
  EXPECT_THROW(rig.record(16, -1), std::invalid_argument);
  EXPECT_EQ(rig.watermark(20), Texts({"[10,20): 1 "}));
}

TEST(AlignedSet, ATableThatServesAnotherWindowHasForgottenTheFirst) {
  Rig<> rig(10);
  for (int window = 0; window < 20; ++window) {
    rig.record(10 * window, window, window % 3);
    const Texts fired = rig.watermark(10 * window + 10);
    ASSERT_EQ(fired.size(), 1U);
    EXPECT_EQ(fired[0], window_rig::text_of({10 * window, 10 * window + 10, Firing::complete},
                                            std::to_string(window) + " "));
  }
}

TEST(RangeSet, IsTheSameFromOutsideWhicheverWayItKeepsItsWindows) {
  for (const std::int64_t slide : {10, 5}) {
    WindowSettings settings = tumbling(10);
    settings.slide_ns = slide;
    settings.timeout_ns = 100;
    RangeSet<int, int, List> set(settings);
    window_rig::Outputs<List> out;
    set.set_now(1);
    set.on_time(2, out);
    set.on_record(hash_key(0), 0, 7, 1, out);
    set.on_time(3, out);
    EXPECT_EQ(set.next_time_ns(), 103);
    set.on_idle(false);
    EXPECT_EQ(set.next_time_ns(), end_of_time);
    set.on_watermark(10);
    EXPECT_TRUE(set.due());
    while (set.fire_due(1, out)) {
    }
    EXPECT_EQ(out.all, Texts({"[0,10): 1 "}));
    EXPECT_EQ(set.counts().fired, 1U);
    EXPECT_EQ(set.output_watermark(), 10);
  }
}

}  // namespace
}  // namespace wallaroo::internal
