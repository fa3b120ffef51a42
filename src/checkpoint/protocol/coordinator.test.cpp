#include "checkpoint/protocol/coordinator.hpp"

#include <stdexcept>
#include <string>
#include <variant>

#include <gtest/gtest.h>

#include "checkpoint/protocol/coordinator.rig.hpp"

namespace wallaroo::internal {
namespace {

using namespace coordinator_rig;

TEST(Coordinator, OneCheckpointAfterTheOtherAtTheInterval) {
  Coordinator coordinator(config());
  EXPECT_EQ(coordinator.next_wakeup_ns(), 100);
  EXPECT_EQ(text_of(coordinator.on_time(99)), "");
  EXPECT_EQ(text_of(coordinator.on_time(105)), "Begin 1");
  EXPECT_EQ(coordinator.next_wakeup_ns(), 155);
  run(coordinator, {saved(0, 1), saved(1, 1), durable(1, 150)});
  EXPECT_EQ(coordinator.next_wakeup_ns(), 200) << "preparing has time of its own";
  run(coordinator, {prepared(0, 1), prepared(1, 1), published(1)});
  EXPECT_EQ(coordinator.next_wakeup_ns(), end_of_time) << "a commit has no timeout";
  EXPECT_EQ(text_of(coordinator.on_time(1000)), "");
  EXPECT_EQ(text_of(run(coordinator, {committed(1, 1), committed(0, 1)})), "Acknowledge 1");
  EXPECT_EQ(coordinator.next_wakeup_ns(), 205) << "the interval counts from the beginning";
  EXPECT_EQ(text_of(coordinator.on_time(1000)), "Begin 2");
  EXPECT_EQ(coordinator.next_number(), 3u);
}

TEST(Coordinator, WithoutSinksACheckpointIsDoneWhenItIsPublished) {
  CoordinatorConfig without = config();
  without.sinks = 0;
  Coordinator coordinator(without);
  EXPECT_EQ(text_of(run(coordinator, {time(100), saved(0, 1), saved(1, 1), durable(1)})),
            "Publish 1 []");
  EXPECT_EQ(text_of(coordinator.on_published(1, 130)), "Acknowledge 1");
  EXPECT_EQ(coordinator.phase(), Phase::idle);
}

TEST(Coordinator, NumbersGoOnAfterAFailure) {
  CoordinatorConfig later = config();
  later.first_number = 8;
  Coordinator coordinator(later);
  EXPECT_EQ(text_of(coordinator.on_time(100)), "Begin 8");
  EXPECT_EQ(text_of(coordinator.on_write_failed(8, "disk full", 110)), "Abandon 8");
  EXPECT_EQ(text_of(coordinator.on_time(200)), "Begin 9");
  EXPECT_EQ(text_of(run(coordinator, {saved(0, 8), saved(1, 8)})), "");
  EXPECT_EQ(coordinator.phase(), Phase::saving);
}

TEST(Coordinator, AfterAStopTheLastCheckpointFollowsTheRunningOneAtOnce) {
  for (const Event& ends : {stop(110), all_ended(110)}) {
    Coordinator coordinator(config());
    run(coordinator, {time(100), saved(0, 1), ends, saved(1, 1), durable(1), prepared(0, 1),
                      prepared(1, 1), published(1)});
    EXPECT_EQ(text_of(run(coordinator, {committed(0, 1), committed(1, 1)})), "Acknowledge 1");
    EXPECT_LE(coordinator.next_wakeup_ns(), 120);
    EXPECT_EQ(text_of(coordinator.on_time(120)), "Begin 2 last");
  }
}

TEST(Coordinator, ALastCheckpointIsTriedAFewTimesWithEverMoreTimeInBetween) {
  Coordinator coordinator(config());
  EXPECT_EQ(text_of(coordinator.on_stop(10)), "Begin 1 last");
  EXPECT_EQ(text_of(coordinator.on_time(60)), "Abandon 1");
  EXPECT_EQ(coordinator.next_wakeup_ns(), 100);
  EXPECT_EQ(text_of(coordinator.on_all_ended(99)), "") << "nor does this cut the time short";
  EXPECT_EQ(text_of(coordinator.on_time(99)), "");
  EXPECT_EQ(text_of(coordinator.on_time(100)), "Begin 2 last");
  EXPECT_EQ(text_of(coordinator.on_write_failed(2, "disk full", 105)), "Abandon 2");
  EXPECT_EQ(coordinator.next_wakeup_ns(), 505);
  EXPECT_EQ(text_of(coordinator.on_time(505)), "Begin 3 last");
  const Decisions decisions = coordinator.on_write_failed(3, "disk full", 510);
  EXPECT_EQ(text_of(decisions), "Abandon 3, Fail");
  EXPECT_EQ(std::get<decide::Fail>(decisions[1]).reason,
            "stopped without a last checkpoint: disk full; the next start goes on from the last "
            "complete checkpoint");
  EXPECT_EQ(coordinator.phase(), Phase::failed);
}

TEST(Coordinator, WorkThatWasDoneAgainForALateSinkIsDoneAFewTimesOnly) {
  std::uint64_t failures = 0;
  std::uint64_t last_failures = 0;
  for (const std::string outcome : {"RollBack", "RollBack", "Fail"}) {
    CoordinatorConfig at = config();
    at.failures = failures;
    at.last_failures = last_failures;
    Coordinator coordinator(at);
    run(coordinator, {all_ended(10), saved(0, 1), saved(1, 1), durable(1, 20)});
    EXPECT_EQ(text_of(coordinator.on_time(70)), outcome);
    failures = coordinator.failures_in_row();
    last_failures = coordinator.last_failures();
  }
  CoordinatorConfig at = config();
  at.last_failures = 2;
  Coordinator lost(at);
  run(lost, {all_ended(10), saved(0, 1), saved(1, 1), durable(1, 20)});
  EXPECT_EQ(text_of(roll_back(lost)), "RollBack") << "one that is lost may be back at once";
  Coordinator again(at);
  run(again, {time(100), saved(0, 1), saved(1, 1), durable(1), prepared(0, 1), prepared(1, 1),
              published(1)});
  EXPECT_EQ(again.last_failures(), 0u) << "one that is complete forgets them";
}

TEST(Coordinator, ABatchDoesNotWaitForACommitForEver) {
  const std::vector<Event> way{saved(0, 1),    saved(1, 1),    durable(1, 20),
                               prepared(0, 1), prepared(1, 1), published(1, 30)};
  Coordinator batch(config());
  run(batch, {all_ended(10)});
  run(batch, way);
  EXPECT_EQ(text_of(batch.on_time(79)), "");
  const Decisions decisions = batch.on_time(80);
  EXPECT_EQ(std::get<decide::Fail>(decisions.at(0)).reason,
            "stopped before all sinks had committed: 2 of 2 sinks have not committed checkpoint 1 "
            "within 5e-08 s; the next start goes on from the last complete checkpoint");
  Coordinator stopped(config());
  run(stopped, {stop(10)});
  run(stopped, way);
  EXPECT_EQ(stopped.next_wakeup_ns(), end_of_time) << "its sinks give up by themselves";
}

TEST(Coordinator, WhatTakesLongIsToldAtTimesThatDouble) {
  constexpr std::int64_t second = 1'000'000'000;
  CoordinatorConfig slow;
  slow.tasks = 5;
  slow.sinks = 2;
  slow.timeout_ns = 600 * second;
  slow.interval_ns = second;
  slow.task_names = {"r:1 of sink 'a'", "r:2 of sink 'b'", "stage 'c'", "stage 'c'", "stage 'd'"};
  slow.sink_names = {"r:1 of sink 'a'", "r:2 of sink 'b'"};
  Coordinator coordinator(slow);
  const auto told = [&](std::int64_t at_s) {
    EXPECT_EQ(coordinator.next_wakeup_ns(), at_s * second);
    EXPECT_EQ(text_of(coordinator.on_time(at_s * second - 1)), "");
    return std::get<decide::Waiting>(coordinator.on_time(at_s * second).at(0)).text;
  };
  run(coordinator, {time(5 * second)});
  EXPECT_EQ(told(15),
            "waiting for r:1 of sink 'a', r:2 of sink 'b', stage 'c' and 1 more to pass "
            "the barrier of checkpoint 1, 10 s of 600 s");
  run(coordinator, {saved(0, 1), saved(2, 1), saved(3, 1), saved(4, 1)});
  EXPECT_EQ(told(25),
            "waiting for r:2 of sink 'b' to pass the barrier of checkpoint 1, 20 s of "
            "600 s");
  EXPECT_EQ(coordinator.next_wakeup_ns(), 45 * second);
  run(coordinator, {saved(1, 1)});
  EXPECT_EQ(told(45), "waiting for the disk to take the state of checkpoint 1, 40 s of 600 s");
  run(coordinator, {durable(1, 100 * second), prepared(0, 1)});
  EXPECT_EQ(told(110),
            "waiting for r:2 of sink 'b' to answer phase 1 of checkpoint 1, 10 s of "
            "600 s");
  run(coordinator, {prepared(1, 1)});
  EXPECT_EQ(told(120), "waiting for the disk to take the manifest of checkpoint 1, 20 s of 600 s");
  run(coordinator, {published(1, 200 * second), committed(1, 1)});
  EXPECT_EQ(told(210), "waiting for r:1 of sink 'a' to take the commit of checkpoint 1, 10 s");
  run(coordinator, {committed(0, 1), all_ended(300 * second)});
  EXPECT_EQ(told(310),
            "waiting for r:1 of sink 'a', r:2 of sink 'b', stage 'c' and 1 more to pass "
            "the barrier of the last checkpoint, 10 s of 600 s");
  EXPECT_EQ(std::get<decide::Abandon>(coordinator.on_time(900 * second).at(0)).reason,
            "5 of 5 tasks have not saved their state within 600 s (r:1 of sink 'a', r:2 of sink "
            "'b', stage 'c' and 1 more)");
}

TEST(Coordinator, NamesWhatIsLateWithinAWorker) {
  CoordinatorConfig two = config();
  two.tasks = 2;
  two.timeout_ns = 600;
  two.first_notice_ns = 10;
  two.task_names = {"worker 'a'", "worker 'b'"};
  Coordinator coordinator(two);
  run(coordinator, {time(100)});
  coordinator.on_progress(1, {2, 5, {"stage 'x'", "stage 'x'"}});
  EXPECT_NE(std::get<decide::Waiting>(coordinator.on_time(110).at(0))
                .text.find("waiting for worker 'a', stage 'x' to pass"),
            std::string::npos);
  run(coordinator, {saved(0, 1)});
  coordinator.on_progress(1, {1, 5, {"stage 'y'"}});
  EXPECT_NE(std::get<decide::Abandon>(coordinator.on_time(700).at(0))
                .reason.find("1 of 6 tasks have not saved"),
            std::string::npos);
}

TEST(Coordinator, OnlyAttemptsAtALastCheckpointDelayIt) {
  Coordinator coordinator(config());
  run(coordinator, {time(100), stop(110), write_failed(1, 120)});
  EXPECT_EQ(text_of(coordinator.on_time(120)), "Begin 2 last");
}

TEST(Coordinator, DelaysOfAnyLengthDoNotOverflow) {
  CoordinatorConfig patient = config();
  patient.last_delay_ns = end_of_time / 2;
  Coordinator coordinator(patient);
  run(coordinator, {stop(10), write_failed(1, 20)});
  EXPECT_EQ(coordinator.next_wakeup_ns(), end_of_time / 2 + 20);
  run(coordinator, {time(end_of_time / 2 + 20), write_failed(2, end_of_time / 2 + 30)});
  EXPECT_EQ(coordinator.next_wakeup_ns(), end_of_time);
}

TEST(Coordinator, AfterARestoreTheFirstCheckpointComesAfterHalfAnInterval) {
  CoordinatorConfig at = config();
  at.now_ns = 1000;
  EXPECT_EQ(Coordinator(at).next_wakeup_ns(), 1100);
  at.restored = true;
  Coordinator coordinator(at);
  EXPECT_EQ(text_of(coordinator.on_time(1049)), "");
  EXPECT_EQ(text_of(coordinator.on_time(1050)), "Begin 1");
  run(coordinator, {write_failed(1, 1060)});
  EXPECT_EQ(coordinator.next_wakeup_ns(), 1150) << "and the next ones after a whole one";
}

TEST(Coordinator, WhenAllHasEndedARefusedCheckpointRollsBackAndTheWorkIsDoneAgain) {
  Coordinator coordinator(config());
  run(coordinator, {all_ended(10), saved(0, 1), saved(1, 1), durable(1)});
  EXPECT_EQ(text_of(roll_back(coordinator)), "RollBack");
}

TEST(Coordinator, ASinkLostAfterTheManifestSaysSoWhenStopping) {
  Coordinator coordinator(config());
  run(coordinator, {stop(10), saved(0, 1), saved(1, 1), durable(1), prepared(0, 1), prepared(1, 1),
                    published(1), committed(0, 1)});
  const Decisions decisions = roll_back(coordinator);
  EXPECT_EQ(std::get<decide::Fail>(decisions.at(0)).reason,
            "stopped before all sinks had committed: sink 'x' was disconnected; the next start "
            "goes on from the last complete checkpoint");
}

TEST(Coordinator, SoManyFailuresInARowEndTheApplicationAndASuccessForgetsThem) {
  CoordinatorConfig strict = config();
  strict.max_failures = 2;
  Coordinator coordinator(strict);
  run(coordinator, {time(100), write_failed(1), time(200), saved(0, 2), saved(1, 2), durable(2),
                    prepared(0, 2), prepared(1, 2)});
  EXPECT_EQ(coordinator.failures_in_row(), 1u);
  run(coordinator, {published(2), committed(0, 2), committed(1, 2)});
  EXPECT_EQ(coordinator.failures_in_row(), 0u);
  EXPECT_EQ(text_of(run(coordinator, {time(300), write_failed(3)})), "Abandon 3");
  EXPECT_EQ(text_of(run(coordinator, {time(400), write_failed(4)})), "Abandon 4, Fail");
}

TEST(Coordinator, FailuresInARowAreCountedAcrossARollBack) {
  CoordinatorConfig strict = config();
  strict.max_failures = 2;
  Coordinator first(strict);
  EXPECT_EQ(text_of(roll_back(first)), "RollBack");
  strict.failures = first.failures_in_row();
  Coordinator second(strict);
  EXPECT_EQ(text_of(roll_back(second)), "Fail");
}

TEST(Coordinator, ATimeoutSaysWhoIsMissing) {
  CoordinatorConfig slow = config();
  slow.timeout_ns = 60'000'000'000;
  Coordinator coordinator(slow);
  run(coordinator, {time(100), saved(1, 1)});
  EXPECT_EQ(std::get<decide::Abandon>(coordinator.on_time(60'000'000'100).at(0)).reason,
            "1 of 2 tasks have not saved their state within 60 s");
}

TEST(Coordinator, NobodyUnknownAnswers) {
  Coordinator coordinator(config());
  run(coordinator, {time(100)});
  EXPECT_THROW(coordinator.on_task_saved(2, 1), std::logic_error);
  EXPECT_THROW(coordinator.on_prepared(2, 1, ""), std::logic_error);
  EXPECT_THROW(coordinator.on_committed(2, 1), std::logic_error);
}

}  // namespace
}  // namespace wallaroo::internal
