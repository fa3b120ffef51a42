#include "cluster/election.hpp"

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
using Event = std::function<ElectionDecisions(Election&)>;
using Named = std::pair<std::string, Event>;

Event joined(std::int64_t ready_ns) {
  return [=](Election& e) { return e.on_joined(member_record("A", 1), 100, ready_ns); };
}
Event sees(View view, std::int64_t ready_ns = 50) {
  return [=, view = std::move(view)](Election& e) { return e.on_view(view, ready_ns); };
}
Event time(std::int64_t now_ns) {
  return [=](Election& e) { return e.on_time(now_ns); };
}
Event written(Outcome outcome) {
  return [=](Election& e) { return e.on_written(outcome); };
}
ElectionDecisions lost(Election& e) { return e.on_lost(); }

View nobody() { return ViewMaker(10).with("A", 1).done(); }
View mine(std::int64_t term) { return ViewMaker(11).with("A", 1).led_by("A", 1, term).done(); }
View of_before() { return ViewMaker(11).with("A", 1).led_by("A", 9, 8).done(); }
View other() { return ViewMaker(11).with("A", 1).with("B", 2).led_by("B", 2, 9).done(); }
View old() { return ViewMaker(5).with("A", 1).led_by("A", 1, 4).done(); }

std::string describe(const Election& election) {
  const char* const names[] = {"outside", "following", "waiting", "standing", "leading"};
  const std::string wakeup = election.next_wakeup_ns() == end_of_time
                                 ? "never"
                                 : std::to_string(election.next_wakeup_ns());
  return fmt::format("{}, term {}, wakes {}", names[static_cast<int>(election.state())],
                     election.term(), wakeup);
}

std::vector<std::pair<std::string, std::vector<Event>>> states() {
  const std::vector<Event> waiting{sees(nobody()), joined(40)};
  const auto then = [](std::vector<Event> events, const std::vector<Event>& more) {
    events.insert(events.end(), more.begin(), more.end());
    return events;
  };
  return {{"outside", {sees(nobody())}},
          {"following", then(waiting, {sees(other())})},
          {"waiting", waiting},
          {"standing", then(waiting, {time(40)})},
          {"standing, answered", then(waiting, {time(40), written(Outcome::lost)})},
          {"leading", then(waiting, {time(40), sees(mine(11))})}};
}

std::vector<Named> messages() {
  return {{"joined", joined(60)},
          {"lost", lost},
          {"view, nobody", sees(ViewMaker(12).with("A", 1).done())},
          {"view, I", sees(mine(11))},
          {"view, I again", sees(mine(12))},
          {"view, my past", sees(of_before())},
          {"view, another", sees(other())},
          {"older view", sees(old())},
          {"time 39", time(39)},
          {"time 40", time(40)},
          {"won", written(Outcome::won)},
          {"lost the vote", written(Outcome::lost)},
          {"unknown", written(Outcome::unknown)}};
}

std::string outcome(Election& election, const Event& message) {
  const std::string before = describe(election);
  const std::string decided = text_of(message(election));
  const std::string after = describe(election);
  return after == before ? decided : decided + " -> " + after;
}

// Messages that are not listed are ignored.
const char* const table = R"(
outside: outside, term 0, wakes never
  joined          -> waiting, term 0, wakes 60
following: following, term 0, wakes never
  lost            -> outside, term 0, wakes never
  view, nobody    -> waiting, term 0, wakes 50
  view, I        Lead 11 -> leading, term 11, wakes never
  view, I again  Lead 12 -> leading, term 12, wakes never
waiting: waiting, term 0, wakes 40
  lost            -> outside, term 0, wakes never
  view, I        Lead 11 -> leading, term 11, wakes never
  view, I again  Lead 12 -> leading, term 12, wakes never
  view, my past   -> following, term 0, wakes never
  view, another   -> following, term 0, wakes never
  time 40        Write leader -> standing, term 0, wakes never
standing: standing, term 0, wakes never
  lost            -> outside, term 0, wakes never
  view, I        Lead 11 -> leading, term 11, wakes never
  view, I again  Lead 12 -> leading, term 12, wakes never
  view, my past   -> following, term 0, wakes never
  view, another   -> following, term 0, wakes never
  won            Read
  lost the vote  Read
  unknown        Read
standing, answered: standing, term 0, wakes never
  lost            -> outside, term 0, wakes never
  view, nobody    -> waiting, term 0, wakes 50
  view, I        Lead 11 -> leading, term 11, wakes never
  view, I again  Lead 12 -> leading, term 12, wakes never
  view, my past   -> following, term 0, wakes never
  view, another   -> following, term 0, wakes never
  won            Read
  lost the vote  Read
  unknown        Read
leading: leading, term 11, wakes never
  lost           StepDown -> outside, term 0, wakes never
  view, nobody   StepDown -> waiting, term 0, wakes 50
  view, I again  StepDown, Lead 12 -> leading, term 12, wakes never
  view, my past  StepDown -> following, term 0, wakes never
  view, another  StepDown -> following, term 0, wakes never
)";

TEST(ElectionTable, EveryMessageInEveryState) {
  const TableWalk how{[](const std::vector<Event>& events) {
                        Election election(prefix);
                        for (const Event& event : events) {
                          event(election);
                        }
                        return election;
                      },
                      describe, outcome};
  EXPECT_EQ(walk(states(), messages(), how), table);
}

TEST(Election, AnUnansweredVoteIsRepeatedWhenNobodyLeads) {
  Election election(prefix);
  election.on_view(nobody(), 0);
  election.on_joined(member_record("A", 1), 100, 40);
  election.on_time(40);
  EXPECT_EQ(text_of(election.on_written(Outcome::unknown)), "Read");
  EXPECT_EQ(text_of(election.on_view(nobody(), 90)), "");
  EXPECT_EQ(election.next_wakeup_ns(), 90);
  EXPECT_EQ(text_of(election.on_time(90)), "Write leader");
}

TEST(Election, AMemberThatJoinsAgainDoesNotLeadByItsPast) {
  Election election(prefix);
  election.on_view(of_before(), 0);
  EXPECT_EQ(text_of(election.on_joined(member_record("A", 1), 100, 40)), "");
  EXPECT_EQ(election.state(), Election::State::following);
}

}  // namespace
}  // namespace wallaroo::internal::cluster
