#include "checkpoint/coordinator.hpp"

#include <functional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace wallaroo::internal {
namespace {

using Phase = Coordinator::Phase;

std::string text_of(const decide::Begin& d) {
  return fmt::format("Begin {}{}", d.n, d.last ? " last" : "");
}
std::string text_of(const decide::MakeDurable& d) { return fmt::format("MakeDurable {}", d.n); }
std::string text_of(const decide::Prepare& d) { return fmt::format("Prepare {}", d.n); }
std::string text_of(const decide::Publish& d) {
  return fmt::format("Publish {} [{}]", d.n, fmt::join(d.votes, " "));
}
std::string text_of(const decide::Commit& d) { return fmt::format("Commit {}", d.n); }
std::string text_of(const decide::Acknowledge& d) { return fmt::format("Acknowledge {}", d.n); }
std::string text_of(const decide::Abandon& d) { return fmt::format("Abandon {}", d.n); }
std::string text_of(const decide::RollBack&) { return "RollBack"; }
std::string text_of(const decide::Fail&) { return "Fail"; }
std::string text_of(const decide::Finished&) { return "Finished"; }

std::string text_of(const Decisions& decisions) {
  std::vector<std::string> texts;
  for (const Decision& decision : decisions) {
    texts.push_back(std::visit([](const auto& d) { return text_of(d); }, decision));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

using Event = std::function<Decisions(Coordinator&)>;
using Named = std::pair<std::string, Event>;

Event time(std::int64_t now_ns) {
  return [=](Coordinator& c) { return c.on_time(now_ns); };
}
Event saved(std::size_t task, std::uint64_t n) {
  return [=](Coordinator& c) { return c.on_task_saved(task, n); };
}
Event durable(std::uint64_t n, std::int64_t now_ns = 120) {
  return [=](Coordinator& c) { return c.on_durable(n, now_ns); };
}
Event write_failed(std::uint64_t n) {
  return [=](Coordinator& c) { return c.on_write_failed(n, "disk full"); };
}
Event prepared(std::size_t sink, std::uint64_t n) {
  return [=](Coordinator& c) { return c.on_prepared(sink, n, std::to_string(sink) + "!"); };
}
Event published(std::uint64_t n) {
  return [=](Coordinator& c) { return c.on_published(n); };
}
Event publish_failed(std::uint64_t n) {
  return [=](Coordinator& c) { return c.on_publish_failed(n, "disk full"); };
}
Event committed(std::size_t sink, std::uint64_t n) {
  return [=](Coordinator& c) { return c.on_committed(sink, n); };
}
Decisions roll_back(Coordinator& c) { return c.on_roll_back("sink 'x' was disconnected"); }
Event stop(std::int64_t now_ns = 130) {
  return [=](Coordinator& c) { return c.on_stop(now_ns); };
}
Event all_ended(std::int64_t now_ns = 130) {
  return [=](Coordinator& c) { return c.on_all_ended(now_ns); };
}

/// Two tasks, two sinks; a checkpoint each 100 ns, which may take 50.
CoordinatorConfig config() {
  CoordinatorConfig config;
  config.tasks = 2;
  config.sinks = 2;
  config.interval_ns = 100;
  config.timeout_ns = 50;
  return config;
}

Decisions run(Coordinator& coordinator, const std::vector<Event>& events) {
  Decisions latest;
  for (const Event& event : events) {
    latest = event(coordinator);
  }
  return latest;
}

/// Checkpoint 1 was abandoned, 2 is under way since 100, or since 130 as the last.
std::vector<std::pair<std::string, std::vector<Event>>> states() {
  std::vector<std::pair<std::string, std::vector<Event>>> states;
  std::vector<Event> events{time(100), write_failed(1)};
  states.emplace_back("idle", events);
  std::vector<Event> stopping = events;
  const std::vector<Named> way{{"saving", time(200)},
                               {"saving, one has", saved(0, 2)},
                               {"making durable", saved(1, 2)},
                               {"preparing", durable(2, 220)},
                               {"preparing, one has", prepared(0, 2)},
                               {"publishing", prepared(1, 2)},
                               {"committing", published(2)},
                               {"committing, one has", committed(0, 2)}};
  for (const auto& [name, event] : way) {
    events.push_back(event);
    states.emplace_back(name, events);
  }
  for (const auto& [name, event] : way) {
    stopping.push_back(name == "saving" ? stop(200) : event);
    states.emplace_back("the last, " + name, stopping);
  }
  stopping.push_back(committed(1, 2));
  states.emplace_back("finished", stopping);
  states.emplace_back("rolling back",
                      std::vector<Event>{time(100), write_failed(1), time(200), roll_back});
  states.emplace_back("failed",
                      std::vector<Event>{time(100), write_failed(1), stop(200), roll_back});
  return states;
}

std::vector<Named> messages() {
  return {{"time 199", time(199)},
          {"time 249", time(249)},
          {"time 250", time(250)},
          {"time 270", time(270)},
          {"saved 0 of 1", saved(0, 1)},
          {"saved 0 of 2", saved(0, 2)},
          {"saved 1 of 2", saved(1, 2)},
          {"durable 1", durable(1, 230)},
          {"durable 2", durable(2, 230)},
          {"write failed 1", write_failed(1)},
          {"write failed 2", write_failed(2)},
          {"prepared 0 of 1", prepared(0, 1)},
          {"prepared 0 of 2", prepared(0, 2)},
          {"prepared 1 of 2", prepared(1, 2)},
          {"published 1", published(1)},
          {"published 2", published(2)},
          {"publish failed 1", publish_failed(1)},
          {"publish failed 2", publish_failed(2)},
          {"committed 0 of 1", committed(0, 1)},
          {"committed 0 of 2", committed(0, 2)},
          {"committed 1 of 2", committed(1, 2)},
          {"roll back", roll_back},
          {"stop", stop(230)},
          {"all ended", all_ended(230)}};
}

std::string outcome(const std::vector<Event>& state, const Event& message) {
  Coordinator coordinator(config());
  run(coordinator, state);
  const Phase before = coordinator.phase();
  const std::uint64_t ignored = coordinator.ignored();
  try {
    const std::string decided = text_of(message(coordinator));
    const std::string next =
        coordinator.phase() == before ? "" : " -> " + std::string(name_of(coordinator.phase()));
    return coordinator.ignored() != ignored ? "ignored" : decided.empty() ? "-" : decided + next;
  } catch (const std::logic_error&) {
    return "broken";
  }
}

// What is not listed is ignored, and counted; `-` is taken note of and decides nothing.
const char* const table = R"(
idle: idle 1
  time 199          -
  time 249          Begin 2 -> saving
  time 250          Begin 2 -> saving
  time 270          Begin 2 -> saving
  saved 0 of 2      broken
  saved 1 of 2      broken
  durable 2         broken
  write failed 2    broken
  prepared 0 of 2   broken
  prepared 1 of 2   broken
  published 2       broken
  publish failed 2  broken
  committed 0 of 2  broken
  committed 1 of 2  broken
  roll back         RollBack -> rolling back
  stop              Begin 2 last -> saving
  all ended         Begin 2 last -> saving
saving: saving 2
  time 199          -
  time 249          -
  time 250          Abandon 2 -> idle
  time 270          Abandon 2 -> idle
  saved 0 of 2      -
  saved 1 of 2      -
  write failed 2    Abandon 2 -> idle
  roll back         RollBack -> rolling back
  stop              -
  all ended         -
saving, one has: saving 2
  time 199          -
  time 249          -
  time 250          Abandon 2 -> idle
  time 270          Abandon 2 -> idle
  saved 1 of 2      MakeDurable 2 -> making durable
  write failed 2    Abandon 2 -> idle
  roll back         RollBack -> rolling back
  stop              -
  all ended         -
making durable: making durable 2
  time 199          -
  time 249          -
  time 250          Abandon 2 -> idle
  time 270          Abandon 2 -> idle
  durable 2         Prepare 2 -> preparing
  write failed 2    Abandon 2 -> idle
  roll back         RollBack -> rolling back
  stop              -
  all ended         -
preparing: preparing 2
  time 199          -
  time 249          -
  time 250          -
  time 270          RollBack -> rolling back
  prepared 0 of 2   -
  prepared 1 of 2   -
  roll back         RollBack -> rolling back
  stop              -
  all ended         -
preparing, one has: preparing 2
  time 199          -
  time 249          -
  time 250          -
  time 270          RollBack -> rolling back
  prepared 1 of 2   Publish 2 [0! 1!] -> publishing
  roll back         RollBack -> rolling back
  stop              -
  all ended         -
publishing: publishing 2
  time 199          -
  time 249          -
  time 250          -
  time 270          RollBack -> rolling back
  published 2       Commit 2 -> committing
  publish failed 2  RollBack -> rolling back
  roll back         RollBack -> rolling back
  stop              -
  all ended         -
committing: committing 2
  time 199          -
  time 249          -
  time 250          -
  time 270          -
  committed 0 of 2  -
  committed 1 of 2  -
  roll back         RollBack -> rolling back
  stop              -
  all ended         -
committing, one has: committing 2
  time 199          -
  time 249          -
  time 250          -
  time 270          -
  committed 1 of 2  Acknowledge 2 -> idle
  roll back         RollBack -> rolling back
  stop              -
  all ended         -
the last, saving: saving 2
  time 199          -
  time 249          -
  time 250          Abandon 2 -> idle
  time 270          Abandon 2 -> idle
  saved 0 of 2      -
  saved 1 of 2      -
  write failed 2    Abandon 2 -> idle
  roll back         Fail -> failed
  stop              -
  all ended         -
the last, saving, one has: saving 2
  time 199          -
  time 249          -
  time 250          Abandon 2 -> idle
  time 270          Abandon 2 -> idle
  saved 1 of 2      MakeDurable 2 -> making durable
  write failed 2    Abandon 2 -> idle
  roll back         Fail -> failed
  stop              -
  all ended         -
the last, making durable: making durable 2
  time 199          -
  time 249          -
  time 250          Abandon 2 -> idle
  time 270          Abandon 2 -> idle
  durable 2         Prepare 2 -> preparing
  write failed 2    Abandon 2 -> idle
  roll back         Fail -> failed
  stop              -
  all ended         -
the last, preparing: preparing 2
  time 199          -
  time 249          -
  time 250          -
  time 270          Fail -> failed
  prepared 0 of 2   -
  prepared 1 of 2   -
  roll back         Fail -> failed
  stop              -
  all ended         -
the last, preparing, one has: preparing 2
  time 199          -
  time 249          -
  time 250          -
  time 270          Fail -> failed
  prepared 1 of 2   Publish 2 [0! 1!] -> publishing
  roll back         Fail -> failed
  stop              -
  all ended         -
the last, publishing: publishing 2
  time 199          -
  time 249          -
  time 250          -
  time 270          Fail -> failed
  published 2       Commit 2 -> committing
  publish failed 2  Fail -> failed
  roll back         Fail -> failed
  stop              -
  all ended         -
the last, committing: committing 2
  time 199          -
  time 249          -
  time 250          -
  time 270          -
  committed 0 of 2  -
  committed 1 of 2  -
  roll back         Fail -> failed
  stop              -
  all ended         -
the last, committing, one has: committing 2
  time 199          -
  time 249          -
  time 250          -
  time 270          -
  committed 1 of 2  Acknowledge 2, Finished -> finished
  roll back         Fail -> failed
  stop              -
  all ended         -
finished: finished 2
  time 199          -
  time 249          -
  time 250          -
  time 270          -
  stop              -
  all ended         -
rolling back: rolling back 2
  time 199          -
  time 249          -
  time 250          -
  time 270          -
  stop              -
  all ended         -
failed: failed 2
  time 199          -
  time 249          -
  time 250          -
  time 270          -
  stop              -
  all ended         -
)";

TEST(Coordinator, EveryMessageInEveryStateHasItsOutcome) {
  std::string walked = "\n";
  for (const auto& [name, state] : states()) {
    Coordinator coordinator(config());
    run(coordinator, state);
    walked += fmt::format("{}: {} {}\n", name, name_of(coordinator.phase()), coordinator.number());
    for (const auto& [message, event] : messages()) {
      if (const std::string then = outcome(state, event); then != "ignored") {
        walked += fmt::format("  {:18}{}\n", message, then);
      }
    }
  }
  EXPECT_EQ(walked, table);
}

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
  EXPECT_EQ(coordinator.completed(), 1u);
  EXPECT_EQ(coordinator.next_number(), 3u);
}

TEST(Coordinator, WithoutSinksACheckpointIsDoneWhenItIsPublished) {
  CoordinatorConfig without = config();
  without.sinks = 0;
  Coordinator coordinator(without);
  EXPECT_EQ(text_of(run(coordinator, {time(100), saved(0, 1), saved(1, 1), durable(1)})),
            "Publish 1 []");
  EXPECT_EQ(text_of(coordinator.on_published(1)), "Acknowledge 1");
  EXPECT_EQ(coordinator.phase(), Phase::idle);
}

TEST(Coordinator, NumbersGoOnAfterAFailure) {
  CoordinatorConfig later = config();
  later.first_number = 8;
  Coordinator coordinator(later);
  EXPECT_EQ(text_of(coordinator.on_time(100)), "Begin 8");
  EXPECT_EQ(text_of(coordinator.on_write_failed(8, "disk full")), "Abandon 8");
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

TEST(Coordinator, ALastCheckpointIsTriedAFewTimes) {
  Coordinator coordinator(config());
  EXPECT_EQ(text_of(coordinator.on_stop(10)), "Begin 1 last");
  EXPECT_EQ(text_of(coordinator.on_time(60)), "Abandon 1");
  EXPECT_EQ(text_of(coordinator.on_time(60)), "Begin 2 last");
  EXPECT_EQ(text_of(coordinator.on_write_failed(2, "disk full")), "Abandon 2");
  EXPECT_EQ(text_of(coordinator.on_time(61)), "Begin 3 last");
  const Decisions decisions = coordinator.on_write_failed(3, "disk full");
  EXPECT_EQ(text_of(decisions), "Abandon 3, Fail");
  EXPECT_EQ(std::get<decide::Fail>(decisions[1]).reason,
            "stopped without a last checkpoint: disk full; the next start goes on from the last "
            "complete checkpoint");
  EXPECT_EQ(coordinator.phase(), Phase::failed);
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
