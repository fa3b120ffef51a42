#include "run/pressure/back_pressure.hpp"

#include <gtest/gtest.h>

namespace wallaroo::internal {
namespace {

PointLoad point(const char* name, int rank, double busy, double awaited) {
  return {.name = name, .rank = rank, .busy = busy, .awaited = awaited, .records_per_s = 14'000};
}

struct Case {
  const char* about;
  std::vector<PointLoad> points;
  const char* bottleneck;  ///< null: none
};

TEST(TheBottleneck, IsTheAwaitedPlaceFurthestDownstream) {
  const Case cases[] = {
      {"nobody waits", {point("stage 'a'", 1, 0.9, 0), point("sink 'out'", 2, 0.1, 0)}, nullptr},
      {"a slow sink fills all queues before it",
       {point("stage 'a'", 1, 0.1, 0.9), point("stage 'b'", 2, 0.1, 0.9),
        point("sink 'out'", 3, 0.1, 0.9)},
       "sink 'out'"},
      {"a slow stage in the middle",
       {point("stage 'a'", 1, 0.1, 0.9), point("stage 'b'", 2, 1, 0.8),
        point("sink 'out'", 3, 0.1, 0)},
       "stage 'b'"},
      {"one that is awaited now and then only", {point("stage 'a'", 1, 0.9, 0.4)}, nullptr},
      {"two branches: the one that is awaited more",
       {point("sink 'a'", 2, 0, 0.6), point("sink 'b'", 2, 0, 0.9)},
       "sink 'b'"},
  };
  for (const Case& one : cases) {
    const PointLoad* const found = find_bottleneck(one.points);
    EXPECT_EQ(found == nullptr ? "none" : found->name,
              one.bottleneck == nullptr ? "none" : one.bottleneck)
        << one.about;
  }
}

TEST(TheBottleneck, IsToldWithWhatItTakes) {
  PointLoad load = point("sink 'totals'", 3, 0.1, 1);
  load.full_s = 42;
  load.peer = "127.0.0.1:7002";
  EXPECT_EQ(bottleneck_sentence(load),
            "sink 'totals' holds the others back: 127.0.0.1:7002 takes 14 k records/s; its queue "
            "has been full for 42 s");
  load.away_s = 130;
  EXPECT_EQ(bottleneck_sentence(load),
            "sink 'totals' holds the others back: its peer 127.0.0.1:7002 has been away for 2 min "
            "10 s; its queue has been full for 42 s");
  PointLoad stage = point("stage 'count'", 2, 0.97, 1);
  stage.full_s = 10;
  EXPECT_EQ(
      bottleneck_sentence(stage),
      "stage 'count' holds the others back: it takes 14 k records/s, and its executor is busy "
      "97 % of the time; its queue has been full for 10 s");
}

TEST(TheWatch, SpeaksAfterAWhileAndThenOnceIn30Seconds) {
  BackPressureWatch watch;
  std::vector<double> said;
  for (double now = 5; now <= 80; now += 5) {
    std::vector<PointLoad> points{point("stage 'a'", 1, 1, 0.9)};
    if (watch.look(now, 5, points)) {
      said.push_back(now);
    }
    EXPECT_EQ(points[0].full_s, now);
  }
  EXPECT_EQ(said, (std::vector<double>{10, 40, 70}));
}

TEST(TheWatch, CountsAnewWhenThereWasRoomMeanwhile) {
  BackPressureWatch watch;
  std::vector<PointLoad> full{point("stage 'a'", 1, 1, 0.9)};
  std::vector<PointLoad> open{point("stage 'a'", 1, 1, 0.1)};
  EXPECT_EQ(watch.look(5, 5, full), std::nullopt);
  EXPECT_EQ(watch.look(10, 5, open), std::nullopt);
  EXPECT_EQ(watch.look(15, 5, full), std::nullopt);
  EXPECT_NE(watch.look(20, 5, full), std::nullopt);
  EXPECT_EQ(full[0].full_s, 10);
}

}  // namespace
}  // namespace wallaroo::internal
