#include "cluster/follower.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "checkpoint/protocol/table_walk.rig.hpp"
#include "cluster/decisions.rig.hpp"

namespace wallaroo::internal::cluster {
namespace {

using namespace rig;
using Event = std::function<FollowDecisions(Follower&)>;
using Named = std::pair<std::string, Event>;

/// This worker is A of incarnation 1; B of incarnation 2 leads. The generation is 5.
ViewMaker both(std::int64_t revision) {
  return ViewMaker(revision).with("A", 1).with("B", 2).led_by("B", 2, 11);
}
View nothing() { return both(9).done(); }
View five() { return both(10).job(5, JobPhase::recovering, "x", 10).done(); }
View six() { return both(11).job(6, JobPhase::recovering, "y", 11).done(); }
View six_without_me() {
  return ViewMaker(11).with("B", 2).led_by("B", 2, 11).job(6, JobPhase::running, "y", 11).done();
}
View ended() { return both(11).job(5, JobPhase::ended, "z", 11).done(); }
View nobody_leads() {
  return ViewMaker(12).with("A", 1).with("B", 2).job(5, JobPhase::running, "x", 10).done();
}
View old() { return both(3).job(7, JobPhase::recovering, "w", 3).done(); }

FollowDecisions joined(Follower& f) { return f.on_joined({"A", 1}, 100); }
FollowDecisions lost(Follower& f) { return f.on_lost(); }
Event sees(View view) {
  return [view = std::move(view)](Follower& f) { return f.on_view(view, 110); };
}
Event time(std::int64_t now_ns) {
  return [=](Follower& f) { return f.on_time(now_ns); };
}
Event restore(std::uint64_t g) {
  return [=](Follower& f) { return f.on_restore(g); };
}
Event loaded(std::uint64_t g) {
  return [=](Follower& f) { return f.on_loaded(g); };
}
Event start(std::uint64_t g) {
  return [=](Follower& f) { return f.on_start(g); };
}
Event run_failed(std::uint64_t g) {
  return [=](Follower& f) { return f.on_run_failed(g, "a link was lost", 120); };
}
Event closed(std::uint64_t g, bool refused) {
  return [=](Follower& f) { return f.on_control_closed(g, refused, 120); };
}
Event stale(std::uint64_t g) {
  return [=](Follower& f) { return f.on_stale(g); };
}

std::string describe(const Follower& follower) {
  const char* const names[] = {"outside", "waiting", "greeting", "loading",
                               "ready",   "running", "failed",   "ended"};
  const std::string wakeup = follower.next_wakeup_ns() == end_of_time
                                 ? "never"
                                 : std::to_string(follower.next_wakeup_ns());
  return fmt::format("{} {}, wakes {}", names[static_cast<int>(follower.state())],
                     follower.generation(), wakeup);
}

std::vector<std::pair<std::string, std::vector<Event>>> states() {
  std::vector<Event> events{sees(nothing())};
  std::vector<std::pair<std::string, std::vector<Event>>> states{{"outside", events}};
  const std::vector<Named> way{{"waiting", joined},     {"greeting", sees(five())},
                               {"loading", restore(5)}, {"ready", loaded(5)},
                               {"running", start(5)},   {"failed", run_failed(5)},
                               {"ended", sees(ended())}};
  for (const auto& [name, event] : way) {
    events.push_back(event);
    states.emplace_back(name, events);
  }
  return states;
}

std::vector<Named> messages() {
  return {{"joined", joined},
          {"lost", lost},
          {"view, generation 5", sees(five())},
          {"view, generation 6", sees(six())},
          {"view, 6 without me", sees(six_without_me())},
          {"view, ended", sees(ended())},
          {"view, no leader", sees(nobody_leads())},
          {"older view", sees(old())},
          {"time 209", time(209)},
          {"time 220", time(220)},
          {"restore 4", restore(4)},
          {"restore 5", restore(5)},
          {"loaded 4", loaded(4)},
          {"loaded 5", loaded(5)},
          {"start 4", start(4)},
          {"start 5", start(5)},
          {"run 4 failed", run_failed(4)},
          {"run 5 failed", run_failed(5)},
          {"control 4 closed", closed(4, true)},
          {"control 5 closed", closed(5, false)},
          {"control 5 refused", closed(5, true)},
          {"stale 5", stale(5)},
          {"stale 6", stale(6)}};
}

std::string outcome(Follower& follower, const Event& message) {
  const std::string before = describe(follower);
  const std::string decided = text_of(message(follower));
  const std::string after = describe(follower);
  return after == before ? decided : decided + " -> " + after;
}

// Messages that are not listed are ignored.
const char* const table = R"(
outside: outside 0, wakes never
  joined               -> waiting 0, wakes never
  stale 5             Read
  stale 6             Read
waiting: waiting 0, wakes never
  lost                 -> outside 0, wakes never
  view, generation 5  Greet B for 5 -> greeting 5, wakes 210
  view, generation 6  Greet B for 6 -> greeting 6, wakes 210
  view, 6 without me   -> waiting 6, wakes never
  view, ended         End -> ended 0, wakes never
  view, no leader      -> greeting 5, wakes 210
  stale 5             Read
  stale 6             Read
greeting: greeting 5, wakes 210
  lost                 -> outside 5, wakes never
  view, generation 6  Greet B for 6 -> greeting 6, wakes 210
  view, 6 without me   -> waiting 6, wakes never
  view, ended         End -> ended 5, wakes never
  time 220            Greet B for 5 -> greeting 5, wakes 320
  restore 5           Load 5 -> loading 5, wakes never
  stale 6             Read
loading: loading 5, wakes never
  lost                StopRun 5 -> outside 5, wakes never
  view, generation 6  StopRun 5, Greet B for 6 -> greeting 6, wakes 210
  view, 6 without me  StopRun 5 -> waiting 6, wakes never
  view, ended         StopRun 5, End -> ended 5, wakes never
  loaded 5            TellRestored 5 -> ready 5, wakes never
  run 5 failed        StopRun 5, TellFailed 5 to B -> failed 5, wakes 220
  control 5 closed    StopRun 5, TellFailed 5 to B -> failed 5, wakes 220
  control 5 refused   StopRun 5, TellFailed 5 to B, ExcludeLeader B lease 200 -> failed 5, wakes 220
  stale 6             Read
ready: ready 5, wakes never
  lost                StopRun 5 -> outside 5, wakes never
  view, generation 6  StopRun 5, Greet B for 6 -> greeting 6, wakes 210
  view, 6 without me  StopRun 5 -> waiting 6, wakes never
  view, ended         StopRun 5, End -> ended 5, wakes never
  start 5             StartRun 5 -> running 5, wakes never
  run 5 failed        StopRun 5, TellFailed 5 to B -> failed 5, wakes 220
  control 5 closed    StopRun 5, TellFailed 5 to B -> failed 5, wakes 220
  control 5 refused   StopRun 5, TellFailed 5 to B, ExcludeLeader B lease 200 -> failed 5, wakes 220
  stale 6             Read
running: running 5, wakes never
  lost                StopRun 5 -> outside 5, wakes never
  view, generation 6  StopRun 5, Greet B for 6 -> greeting 6, wakes 210
  view, 6 without me  StopRun 5 -> waiting 6, wakes never
  view, ended         StopRun 5, End -> ended 5, wakes never
  run 5 failed        StopRun 5, TellFailed 5 to B -> failed 5, wakes 220
  control 5 closed    StopRun 5, TellFailed 5 to B -> failed 5, wakes 220
  control 5 refused   StopRun 5, TellFailed 5 to B, ExcludeLeader B lease 200 -> failed 5, wakes 220
  stale 6             Read
failed: failed 5, wakes 220
  lost                 -> outside 5, wakes never
  view, generation 6  Greet B for 6 -> greeting 6, wakes 210
  view, 6 without me   -> waiting 6, wakes never
  view, ended         End -> ended 5, wakes never
  time 220            TellFailed 5 to B -> failed 5, wakes 320
  stale 6             Read
ended: ended 5, wakes never
)";

Follower reach(const std::vector<Event>& events) {
  Follower follower(100);
  for (const Event& event : events) {
    event(follower);
  }
  return follower;
}

TEST(FollowerTable, EveryMessageInEveryState) {
  const TableWalk how{reach, describe, outcome};
  EXPECT_EQ(walk(states(), messages(), how), table);
}

TEST(Follower, TheNextLeaderIsNotExcludedForTheDeathOfTheOneBefore) {
  Follower follower = reach({sees(five()), joined, restore(5)});
  View next = ViewMaker(11).with("A", 1).with("C", 3).led_by("C", 3, 12).done();
  next.job = five().job;
  follower.on_view(next, 110);
  EXPECT_EQ(text_of(follower.on_control_closed(5, true, 120)), "StopRun 5, TellFailed 5 to C");
}

TEST(Follower, AnErrorOfTheJobIsPassedOn) {
  View failed = ended();
  failed.job->error = "stage 'x' threw";
  Follower follower = reach({sees(five()), joined, restore(5)});
  EXPECT_EQ(text_of(follower.on_view(failed, 110)), "StopRun 5, End (stage 'x' threw)");
}

TEST(Follower, AWorkerThatComesAfterTheEndWaitsForTheNextGeneration) {
  Follower follower(100);
  View over = ViewMaker(11).with("B", 2).job(5, JobPhase::ended, "z", 11).with("A", 1).done();
  follower.on_view(over, 100);
  EXPECT_EQ(text_of(joined(follower)), "");
  EXPECT_EQ(follower.state(), Follower::State::waiting);
}

}  // namespace
}  // namespace wallaroo::internal::cluster
