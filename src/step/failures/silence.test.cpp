#include "step/failures/silence.hpp"

#include <gtest/gtest.h>

namespace wallaroo::internal {
namespace {

TEST(Silence, LastsFromTheLastInputOnWhileTheInputIsIdle) {
  Silence silence(10);
  EXPECT_EQ(silence.due_ns(), no_time);
  EXPECT_FALSE(silence.on_time(100));
  EXPECT_EQ(silence.due_ns(), end_of_time);  // not idle
  silence.on_idle(true);
  EXPECT_EQ(silence.due_ns(), 110);
  EXPECT_FALSE(silence.on_time(109));
  silence.on_input();
  EXPECT_FALSE(silence.on_time(112));
  EXPECT_FALSE(silence.on_time(121));
  EXPECT_TRUE(silence.on_time(122));
}

TEST(Silence, IsCountedAnewFromATimeOut) {
  Silence silence(10);
  silence.on_idle(true);
  EXPECT_FALSE(silence.on_time(0));
  EXPECT_TRUE(silence.on_time(10));
  EXPECT_FALSE(silence.on_time(19));
  EXPECT_TRUE(silence.on_time(20));
}

TEST(Silence, IsNotTimeInWhichNothingCouldBeRead) {
  Silence silence(100);
  silence.on_idle(true);
  EXPECT_FALSE(silence.on_time(0));
  silence.skip_time(1'000);  // a quarter of the time-out counts
  EXPECT_FALSE(silence.on_time(1'000));
  EXPECT_EQ(silence.due_ns(), 1'075);
  EXPECT_TRUE(silence.on_time(1'075));
}

TEST(Silence, WithoutATimeOutIsNeverNoticed) {
  Silence silence(std::nullopt);
  silence.on_idle(true);
  EXPECT_EQ(silence.due_ns(), end_of_time);
  EXPECT_FALSE(silence.on_time(0));
  EXPECT_FALSE(silence.on_time(end_of_time - 1));
}

}  // namespace
}  // namespace wallaroo::internal
