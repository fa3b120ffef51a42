#include "step/dynamic/pace.hpp"

#include <gtest/gtest.h>

namespace wallaroo::internal {
namespace {

constexpr std::int64_t ms = 1'000'000;

/// Passes as many batches as the pace asks for, of records that take `ns` each.
void pass(Pace& pace, int batches, std::int64_t ns) {
  for (int i = 0; i < batches; ++i) {
    pace.passed(pace.records(), static_cast<std::int64_t>(pace.records()) * ns);
  }
}

TEST(Pace, BeginsWithAFewRecordsAndDoublesWhileRecordsAreFast) {
  Pace pace(2 * ms);
  for (std::size_t expected = 16; expected < max_batch_records; expected *= 2) {
    EXPECT_EQ(pace.records(), expected);
    pass(pace, 1, 100);
  }
  pass(pace, 5, 100);
  EXPECT_EQ(pace.records(), max_batch_records);
}

TEST(Pace, GivesAsManyRecordsAsPassInTheTime) {
  Pace pace(2 * ms);
  pass(pace, 20, ms / 100);
  EXPECT_EQ(pace.records(), 200U);
}

TEST(Pace, FallsAtOnceWhenRecordsBecomeSlow) {
  Pace pace(2 * ms);
  pass(pace, 20, 100);
  pace.passed(32, 32 * 10 * ms);
  EXPECT_EQ(pace.records(), 1U);
}

TEST(Pace, ABatchWithoutRecordsSaysNothing) {
  Pace pace(2 * ms);
  pass(pace, 3, 100);
  pace.passed(0, 100 * ms);
  EXPECT_EQ(pace.records(), 128U);
}

TEST(Pace, RecordsMayTakeNoTimeThatCanBeMeasured) {
  Pace pace(2 * ms);
  pass(pace, 3, 0);
  EXPECT_EQ(pace.records(), 128U);
}

}  // namespace
}  // namespace wallaroo::internal
