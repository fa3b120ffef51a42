#include "window/joins/join_set.hpp"

#include <memory>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "window/joins/join.rig.hpp"

namespace wallaroo::internal {
namespace {

using join_rig::Outputs;

// Keys and records are numbers; what an event emits is its result.
class Join {
 public:
  explicit Join(const JoinSettings& settings) : set_(settings) {}

  std::string left(int record, std::int64_t time_ns, int key = 1) {
    set_.on_left(hash_key(key), key, time_ns, record, out_);
    return out_.take();
  }
  std::string right(int record, std::int64_t time_ns, int key = 1) {
    set_.on_right(hash_key(key), key, time_ns, record, out_);
    return out_.take();
  }
  std::string watermark(std::int64_t watermark) {
    set_.on_watermark(watermark);
    while (set_.fire_due(3, out_)) {
    }
    return out_.take();
  }
  /// Returns the outputs when processing time gets to `now`.
  std::string time(std::int64_t now) {
    set_.on_time(now);
    while (set_.fire_due(3, out_)) {
    }
    return out_.take();
  }
  std::string fire(std::size_t at_most) {
    more_ = set_.fire_due(at_most, out_);
    return out_.take();
  }
  bool more() const { return more_; }
  JoinSet<int, int, int>& set() { return set_; }
  const JoinCounts& counts() const { return set_.counts(); }

 private:
  JoinSet<int, int, int> set_;
  Outputs out_;
  bool more_ = false;
};

TEST(JoinSet, MatchesWithinTheBoundsWhicheverComesFirst) {
  Join join({.lower_ns = -2, .upper_ns = 5});
  EXPECT_EQ(join.left(1, 100), "");
  EXPECT_EQ(join.right(2, 97), "");
  EXPECT_EQ(join.right(3, 98), "1+3@100");
  EXPECT_EQ(join.right(4, 105), "1+4@105");
  EXPECT_EQ(join.right(5, 106), "");
  EXPECT_EQ(join.left(6, 101), "6+4@105 6+5@106");
  EXPECT_EQ(join.counts().matched, 4u);
  EXPECT_EQ(join.counts().buffered, 6u);
}

TEST(JoinSet, PartnersComeInOrderOfTimeAndThoseOfOneTimeInOrderOfArrival) {
  Join join({.lower_ns = -100, .upper_ns = 100});
  for (int record = 0; record < 20; ++record) {
    join.right(record, 120 - record / 2);
  }
  join.right(20, 115);
  EXPECT_EQ(join.left(99, 10), "");
  EXPECT_EQ(join.left(99, 13), "99+18@111 99+19@111 99+16@112 99+17@112 99+14@113 99+15@113");
  EXPECT_EQ(join.left(99, 15),
            "99+18@111 99+19@111 99+16@112 99+17@112 99+14@113 99+15@113 99+12@114 99+13@114 "
            "99+10@115 99+11@115 99+20@115");
}

TEST(JoinSet, KeysDoNotMeet) {
  Join join({.lower_ns = -5, .upper_ns = 5});
  join.left(1, 100, 1);
  EXPECT_EQ(join.right(2, 100, 2), "");
  EXPECT_EQ(join.right(3, 100, 1), "1+3@100");
}

TEST(JoinSet, ARecordWaitsUntilTheWatermarkIsBeyondItsLastPartner) {
  Join join({.lower_ns = -2, .upper_ns = 5, .kind = JoinKind::full, .delay_ns = 10});
  join.left(1, 100);
  join.right(2, 200);
  EXPECT_EQ(join.watermark(115), "");
  EXPECT_EQ(join.watermark(116), "1+_@100");
  EXPECT_EQ(join.watermark(212), "");
  EXPECT_EQ(join.watermark(213), "_+2@200");
  EXPECT_EQ(join.counts().unmatched, 2u);
  EXPECT_EQ(join.counts().buffered, 0u);
}

TEST(JoinSet, ARecordThatMatchedIsNotEmittedAlone) {
  Join join({.lower_ns = -5, .upper_ns = 5, .kind = JoinKind::full});
  join.left(1, 100);
  join.right(2, 102);
  join.left(3, 90);
  EXPECT_EQ(join.watermark(end_of_time), "3+_@90");
}

TEST(JoinSet, OnlyTheSideThatTheKindNamesIsEmittedAlone) {
  const auto ends_with = [](JoinKind kind) {
    Join join({.lower_ns = -5, .upper_ns = 5, .kind = kind});
    join.left(1, 100);
    join.right(2, 200);
    return join.watermark(end_of_time);
  };
  EXPECT_EQ(ends_with(JoinKind::inner), "");
  EXPECT_EQ(ends_with(JoinKind::left), "1+_@100");
  EXPECT_EQ(ends_with(JoinKind::right), "_+2@200");
  EXPECT_EQ(ends_with(JoinKind::full), "1+_@100 _+2@200");
}

TEST(JoinSet, ALateRecordGoesWhereThePolicySays) {
  const auto late_with = [](LateData late, JoinKind kind) {
    Join join({.lower_ns = -5, .upper_ns = 5, .kind = kind, .late = late});
    join.right(1, 100);
    join.watermark(102);
    EXPECT_EQ(join.counts().late, 0u);
    const std::string said = join.left(3, 94);
    EXPECT_EQ(join.counts().late, 1u);
    EXPECT_EQ(join.counts().dropped, said.empty() ? 1u : 0u);
    return said;
  };
  EXPECT_EQ(late_with(LateData::drop, JoinKind::full), "");
  EXPECT_EQ(late_with(LateData::to_stream, JoinKind::inner), "late 3+_@94");
  EXPECT_EQ(late_with(LateData::fire_per_message, JoinKind::inner), "");
  EXPECT_EQ(late_with(LateData::fire_per_message, JoinKind::right), "");
  EXPECT_EQ(late_with(LateData::fire_per_message, JoinKind::left), "3+_@94");
}

// An order and its payment within 10: the payment came in time and left before its order came.
TEST(JoinSet, ARecordWhosePartnerHasLeftIsLateAndNotWithoutAPartner) {
  for (const std::int64_t delay : {0, 5}) {
    Join join(
        {.upper_ns = 10, .kind = JoinKind::full, .delay_ns = delay, .late = LateData::to_stream});
    EXPECT_EQ(join.right(1, 103, 7), "");
    EXPECT_EQ(join.watermark(104 + delay), "_+1@103");
    EXPECT_EQ(join.left(2, 100, 7), "");
    EXPECT_EQ(join.watermark(end_of_time), "late 2+_@100");
    EXPECT_EQ(join.counts().late, 1u);
    EXPECT_EQ(join.counts().dropped, 0u);
  }
}

TEST(JoinSet, ALateRecordMatchesWhatIsThereAndWhatFollows) {
  Join join({.upper_ns = 10, .kind = JoinKind::full, .late = LateData::to_stream});
  join.right(1, 105);
  join.watermark(104);
  EXPECT_EQ(join.left(2, 100), "2+1@105");
  EXPECT_EQ(join.left(3, 94), "");
  EXPECT_EQ(join.right(4, 104), "3+4@104 2+4@104");
  EXPECT_EQ(join.counts().late, 2u);
  EXPECT_EQ(join.watermark(end_of_time), "") << "none is without a partner";
  EXPECT_EQ(join.counts().dropped, 0u);
}

TEST(JoinSet, ALateRecordWithoutAPartnerGoesWhereThePolicySaysWhenNoneCanFollow) {
  const auto ends_with = [](LateData late) {
    Join join({.upper_ns = 10, .kind = JoinKind::left, .late = late});
    join.watermark(104);
    EXPECT_EQ(join.left(1, 100), "");
    EXPECT_EQ(join.watermark(110), "");
    return join.watermark(111);
  };
  EXPECT_EQ(ends_with(LateData::drop), "");
  EXPECT_EQ(ends_with(LateData::to_stream), "late 1+_@100");
  EXPECT_EQ(ends_with(LateData::fire_per_message), "1+_@100");
}

TEST(JoinSet, ARecordThatIsOnTimeFindsPartnersThatAllLieBeforeIt) {
  Join join({.lower_ns = 5, .upper_ns = 10, .kind = JoinKind::full});
  join.left(1, 100);
  join.watermark(107);
  // No left record that is on time can match it any more, so it does not wait; but it is not late.
  EXPECT_EQ(join.right(2, 108), "1+2@108");
  EXPECT_EQ(join.right(3, 111), "_+3@111");
  EXPECT_EQ(join.counts().late, 0u);
  EXPECT_EQ(join.counts().buffered, 1u);
  EXPECT_EQ(join.right(4, 106), "1+4@106");
  EXPECT_EQ(join.counts().late, 1u);
}

TEST(JoinSet, FiringIsSlicedAlsoWithinAKey) {
  Join join({.kind = JoinKind::left});
  for (int record = 0; record < 5; ++record) {
    join.left(record, 100 + record);
  }
  join.set().on_watermark(200);
  EXPECT_EQ(join.fire(2), "0+_@100 1+_@101");
  EXPECT_TRUE(join.more());
  EXPECT_EQ(join.set().output_watermark(), 102);
  EXPECT_EQ(join.fire(2), "2+_@102 3+_@103");
  EXPECT_TRUE(join.more());
  EXPECT_EQ(join.fire(2), "4+_@104");
  EXPECT_FALSE(join.more());
  EXPECT_EQ(join.set().output_watermark(), 200);
}

TEST(JoinSet, ARecordDoesNotMatchWhatIsDueButHasNotLeftYet) {
  Join join({.lower_ns = -10, .upper_ns = 5, .kind = JoinKind::left});
  join.left(1, 100);
  join.set().on_watermark(106);
  EXPECT_EQ(join.right(2, 105), "1+_@100");
  EXPECT_EQ(join.fire(10), "");
}

TEST(JoinSet, AKeyCostsNothingWhenNothingOfItWaits) {
  Join join({.lower_ns = -5, .upper_ns = 5});
  for (int key = 0; key < 100; ++key) {
    join.left(1, key, key);
    join.right(2, key, key);
  }
  EXPECT_EQ(join.set().keys(), 100u);
  join.watermark(55);
  EXPECT_EQ(join.set().keys(), 50u);
  join.watermark(end_of_time);
  EXPECT_EQ(join.set().keys(), 0u);
  EXPECT_EQ(join.counts().buffered, 0u);
  join.left(1, 200, 7);
  EXPECT_EQ(join.set().keys(), 0u);
}

TEST(JoinSet, TheWatermarkNeverGoesBack) {
  Join join({.kind = JoinKind::left});
  join.watermark(100);
  join.watermark(50);
  join.left(1, 70);
  EXPECT_EQ(join.counts().late, 1u);
}

// A property test shows that it is never too great; these cases show that it could not be greater.
TEST(JoinSet, TheOutputWatermarkIsTheEarliestTimeThatAnOutputCanHave) {
  Join around({.lower_ns = -3, .upper_ns = 7, .delay_ns = 10});
  around.right(1, 87);
  around.watermark(100);
  EXPECT_EQ(around.set().output_watermark(), 90);
  EXPECT_EQ(around.left(2, 90), "2+1@90");

  Join after({.lower_ns = 3, .upper_ns = 7, .delay_ns = 10});
  after.left(1, 84);
  after.watermark(100);
  EXPECT_EQ(after.set().output_watermark(), 90);
  EXPECT_EQ(after.right(2, 90), "1+2@90");

  Join before({.lower_ns = -7, .upper_ns = -3, .delay_ns = 10});
  before.right(1, 84);
  before.watermark(100);
  EXPECT_EQ(before.set().output_watermark(), 90);
  EXPECT_EQ(before.left(2, 90), "2+1@90");

  Join outer({.lower_ns = -3, .upper_ns = 7, .kind = JoinKind::left, .delay_ns = 10});
  outer.left(2, 83);
  outer.watermark(100);
  EXPECT_EQ(outer.set().output_watermark(), 83);
  EXPECT_EQ(outer.watermark(101), "2+_@83");

  outer.watermark(end_of_time);
  EXPECT_EQ(outer.set().output_watermark(), end_of_time);
}

TEST(JoinSet, ATimeOutGivesUpWhatWaitsOnceAllInputsAreIdle) {
  Join join({.upper_ns = 10, .kind = JoinKind::full, .timeout_ns = 50});
  join.set().on_idle(false);
  join.left(1, 100);
  join.right(2, 300);
  EXPECT_EQ(join.time(1000), "");
  EXPECT_EQ(join.set().next_time_ns(), end_of_time) << "an input may still give something";
  EXPECT_EQ(join.time(2000), "");
  join.set().on_idle(true);
  join.left(3, 200);
  EXPECT_EQ(join.time(2010), "");
  EXPECT_EQ(join.set().next_time_ns(), 2060);
  EXPECT_EQ(join.time(2059), "");
  EXPECT_EQ(join.time(2060), "1+_@100 3+_@200 _+2@300");
  EXPECT_EQ(join.counts().buffered, 0u);
  EXPECT_EQ(join.set().keys(), 0u);
  EXPECT_EQ(join.set().next_time_ns(), end_of_time);
}

TEST(JoinSet, TimeInWhichNothingCouldBeReadDoesNotCountTowardsTheTimeOut) {
  Join join({.upper_ns = 10, .kind = JoinKind::left, .timeout_ns = 40});
  join.left(1, 100);
  join.time(0);
  join.set().skip_time(1000);  // a quarter of the time-out counts
  EXPECT_EQ(join.time(1000), "");
  EXPECT_EQ(join.set().next_time_ns(), 1030);
  EXPECT_EQ(join.time(1030), "1+_@100");
}

TEST(JoinSet, AfterATimeOutWhatComesBehindItIsLate) {
  Join join({.upper_ns = 10, .kind = JoinKind::left, .timeout_ns = 50});
  join.left(1, 100);
  join.time(0);
  EXPECT_EQ(join.time(50), "1+_@100");  // as if the watermark were 111
  EXPECT_EQ(join.right(2, 105), "") << "its partner was said to have none";
  EXPECT_EQ(join.left(3, 110), "");
  EXPECT_EQ(join.counts().late, 2u);
  EXPECT_EQ(join.right(4, 112), "3+4@112");
  EXPECT_EQ(join.left(5, 111), "5+4@112");
  EXPECT_EQ(join.counts().late, 2u);
}

TEST(JoinSet, ATimeOutDoesNotMoveTheWatermarkOfTheStage) {
  Join join({.upper_ns = 10, .kind = JoinKind::left, .timeout_ns = 50});
  join.left(1, 100);
  join.watermark(90);
  join.time(0);
  EXPECT_EQ(join.time(50), "1+_@100");
  EXPECT_EQ(join.set().output_watermark(), 80);
}

TEST(JoinSet, WithoutATimeOutRecordsWait) {
  Join join({.kind = JoinKind::left});
  join.left(1, 100);
  join.time(0);
  EXPECT_EQ(join.time(end_of_time - 1), "");
  EXPECT_EQ(join.counts().buffered, 1u);
}

TEST(JoinSet, WhatATimeOutClosedStaysClosedForItsKeysAfterARestart) {
  const JoinSettings settings{.upper_ns = 10, .kind = JoinKind::left, .timeout_ns = 50};
  Join closed(settings);
  closed.left(1, 100);
  closed.time(0);
  EXPECT_EQ(closed.time(50), "1+_@100");
  Join open(settings);
  const std::vector<JoinClock::Saved> saved{closed.set().saved(), open.set().saved()};
  Join both(settings);
  both.set().restore(saved);
  both.set().restored();
  const auto key_of = [](bool of_first) {
    const AssignmentPtr before = assign_evenly(2);
    int key = 0;
    while ((before->owner(key_group(hash_key(key))) == 0) != of_first) {
      ++key;
    }
    return key;
  };
  both.left(2, 105, key_of(false));
  EXPECT_EQ(both.counts().late, 0u);
  both.left(3, 105, key_of(true));
  EXPECT_EQ(both.counts().late, 1u);
}

TEST(JoinSet, RecordsMayBeMovableOnlyAndKeysViews) {
  struct Out {
    using Key = std::string_view;
    using Record = std::unique_ptr<int>;
    void pair(const Key& key, std::int64_t, const Record& left, const Record& right) {
      said += fmt::format("{} {}+{} ", key, *left, *right);
    }
    void left_alone(const Key& key, std::int64_t, Record&& left) {
      said += fmt::format("{} {}+_ ", key, *left);
    }
    void right_alone(const Key&, std::int64_t, Record&&) {}
    void late_left(const Key&, std::int64_t, Record&&) {}
    void late_right(const Key&, std::int64_t, Record&&) {}
    std::string said;
  } out;
  JoinSet<std::string_view, std::unique_ptr<int>, std::unique_ptr<int>> set(
      {.lower_ns = -5, .upper_ns = 5, .kind = JoinKind::left});
  for (int time : {30, 20, 10}) {
    std::string bytes = "a key of more than sixteen bytes";
    const std::string_view key = bytes;
    set.on_left(hash_key(key), key, time, std::make_unique<int>(time), out);
    bytes.assign(bytes.size(), '?');
  }
  const std::string_view key = "a key of more than sixteen bytes";
  set.on_right(hash_key(key), key, 22, std::make_unique<int>(22), out);
  set.on_watermark(end_of_time);
  EXPECT_FALSE(set.fire_due(10, out));
  EXPECT_EQ(out.said, fmt::format("{0} 20+22 {0} 10+_ {0} 30+_ ", key));
}

}  // namespace
}  // namespace wallaroo::internal
