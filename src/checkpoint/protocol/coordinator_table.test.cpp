// The outcome of every message in every state.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "checkpoint/protocol/coordinator.rig.hpp"
#include "checkpoint/protocol/table_walk.rig.hpp"

namespace wallaroo::internal {
namespace {

using namespace coordinator_rig;

/// In all states checkpoint 1 was abandoned and checkpoint 2 began at 200, in some as the last. In
/// "before another last" it has failed at 205.
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
  states.emplace_back("before another last", std::vector<Event>{time(100), write_failed(1),
                                                                stop(200), write_failed(2, 205)});
  stopping.push_back(committed(1, 2));
  states.emplace_back("finished", stopping);
  states.emplace_back("rolling back",
                      std::vector<Event>{time(100), write_failed(1), time(200), roll_back});
  states.emplace_back("failed",
                      std::vector<Event>{time(100), write_failed(1), stop(200), roll_back});
  std::vector<Event> ended{time(100),   write_failed(1), all_ended(200),
                           saved(0, 2), saved(1, 2),     durable(2, 220)};
  states.emplace_back("all ended, preparing", ended);
  for (const Event& event : {prepared(0, 2), prepared(1, 2), published(2)}) {
    ended.push_back(event);
  }
  states.emplace_back("all ended, committing", ended);
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

std::string outcome(Coordinator& coordinator, const Event& message) {
  const Phase before = coordinator.phase();
  const std::uint64_t ignored = coordinator.ignored();
  const std::string decided = text_of(message(coordinator));
  const std::string next =
      coordinator.phase() == before ? "" : " -> " + std::string(name_of(coordinator.phase()));
  return coordinator.ignored() != ignored ? "" : decided.empty() ? "-" : decided + next;
}

// Messages that are not listed are ignored and counted. `-`: the message counts, but decides
// nothing.
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
before another last: idle 2
  time 199          -
  time 249          Begin 3 last -> saving
  time 250          Begin 3 last -> saving
  time 270          Begin 3 last -> saving
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
all ended, preparing: preparing 2
  time 199          -
  time 249          -
  time 250          -
  time 270          RollBack -> rolling back
  prepared 0 of 2   -
  prepared 1 of 2   -
  roll back         RollBack -> rolling back
  stop              -
  all ended         -
all ended, committing: committing 2
  time 199          -
  time 249          -
  time 250          -
  time 270          Fail -> failed
  committed 0 of 2  -
  committed 1 of 2  -
  roll back         RollBack -> rolling back
  stop              -
  all ended         -
)";

TEST(Coordinator, EveryMessageInEveryStateHasItsOutcome) {
  const auto reach = [](const std::vector<Event>& state) {
    Coordinator coordinator(config());
    run(coordinator, state);
    return coordinator;
  };
  const auto describe = [](const Coordinator& coordinator) {
    return fmt::format("{} {}", name_of(coordinator.phase()), coordinator.number());
  };
  EXPECT_EQ(walk(states(), messages(), TableWalk{reach, describe, outcome}), table);
}

}  // namespace
}  // namespace wallaroo::internal
