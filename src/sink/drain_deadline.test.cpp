#include "sink/drain_deadline.hpp"

#include <gtest/gtest.h>

namespace wallaroo::internal {
namespace {

using std::chrono::milliseconds;

struct Rig {
  explicit Rig(milliseconds timeout)
      : deadline(loop, clock, timeout,
                 {.waiting =
                      [this] {
                        ++looks;
                        return waiting;
                      },
                  .give_up = [this] { ++given_up; }}) {}

  void pass(milliseconds time) {
    clock.advance(time);
    loop.poll(std::chrono::nanoseconds(0));
  }

  ManualClock clock;
  EventLoop loop{clock};
  bool waiting = false;
  int looks = 0;
  int given_up = 0;
  DrainDeadline deadline;
};

TEST(DrainDeadline, GivesUpWhenNothingWasTakenForTheTimeout) {
  Rig rig(milliseconds(100));
  rig.waiting = true;
  rig.deadline.begin();
  rig.pass(milliseconds(99));
  EXPECT_EQ(rig.given_up, 0);
  rig.pass(milliseconds(1));
  EXPECT_EQ(rig.given_up, 1);
}

TEST(DrainDeadline, ProgressBeginsTheTimeoutAnew) {
  Rig rig(milliseconds(100));
  rig.waiting = true;
  rig.deadline.begin();
  for (int i = 0; i < 5; ++i) {
    rig.pass(milliseconds(60));
    rig.deadline.progress();
  }
  EXPECT_EQ(rig.given_up, 0);
  rig.pass(milliseconds(100));
  EXPECT_EQ(rig.given_up, 1);
}

TEST(DrainDeadline, WhatWaitsAfterALongIdlenessHasTheWholeTimeout) {
  Rig rig(milliseconds(100));
  rig.deadline.begin();
  for (int i = 0; i < 5; ++i) {
    rig.pass(milliseconds(100));
  }
  rig.waiting = true;
  rig.deadline.progress();
  rig.pass(milliseconds(99));
  EXPECT_EQ(rig.given_up, 0);
  rig.pass(milliseconds(1));
  EXPECT_EQ(rig.given_up, 1);
}

TEST(DrainDeadline, WithoutATimeoutThatWaitsForNobodyDoesNotSpin) {
  Rig rig(milliseconds(0));
  rig.deadline.begin();
  for (int i = 0; i < 100; ++i) {
    rig.pass(milliseconds(1));
  }
  EXPECT_LE(rig.looks, 1);
  rig.waiting = true;
  rig.deadline.progress();
  rig.pass(milliseconds(0));
  EXPECT_EQ(rig.given_up, 1);
}

}  // namespace
}  // namespace wallaroo::internal
