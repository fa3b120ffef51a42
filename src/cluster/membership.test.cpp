#include "cluster/membership.hpp"

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
using Event = std::function<MemberDecisions(Membership&)>;
using Named = std::pair<std::string, Event>;
using State = Membership::State;

MembershipConfig config() {
  MembershipConfig config;
  config.prefix = prefix;
  config.self = member_record("A", 0);
  config.shared = cluster_record();
  config.retry_ns = 10;
  config.name_patience_ns = 100;
  return config;
}

Event time(std::int64_t now_ns) {
  return [=](Membership& m) { return m.on_time(now_ns); };
}
Event lease(std::int64_t id, std::uint64_t incarnation) {
  return [=](Membership& m) { return m.on_lease(id, incarnation, 5); };
}
Event lease_lost(std::int64_t id) {
  return [=](Membership& m) { return m.on_lease_lost(id, 20); };
}
Event written(Outcome outcome) {
  return [=](Membership& m) { return m.on_written(outcome); };
}
Event sees(View view) {
  return [view = std::move(view)](Membership& m) { return m.on_view(view, 7); };
}
MemberDecisions lease_failed(Membership& m) { return m.on_lease_failed(5); }
MemberDecisions leave(Membership& m) { return m.leave(); }

View empty() { return ViewMaker(10).done(); }
View me() { return ViewMaker(12).with("A", 1).done(); }
View other_life() { return ViewMaker(12).with("A", 9).done(); }
View another_build() {
  ViewMaker maker = ViewMaker(12).with("A", 1);
  maker.view().cluster->fingerprint = "other";
  return std::move(maker).done();
}
View old() { return ViewMaker(9).done(); }

std::string describe(const Membership& membership) {
  const char* const names[] = {"outside", "leasing", "joining", "member", "refused", "left"};
  const std::string wakeup = membership.next_wakeup_ns() == end_of_time
                                 ? "never"
                                 : std::to_string(membership.next_wakeup_ns());
  return fmt::format("{}, lease {}, wakes {}", names[static_cast<int>(membership.state())],
                     membership.lease(), wakeup);
}

std::vector<std::pair<std::string, std::vector<Event>>> states() {
  const std::vector<Event> joining{time(0), lease(100, 1), sees(empty())};
  const auto then = [](std::vector<Event> events, const Event& event) {
    events.push_back(event);
    return events;
  };
  return {{"outside", {}},
          {"leasing", {time(0)}},
          {"joining", joining},
          {"name in use", then(joining, sees(other_life()))},
          {"member", then(joining, sees(me()))},
          {"refused", then(joining, sees(another_build()))},
          {"left", then(joining, leave)}};
}

std::vector<Named> messages() {
  return {{"time 0", time(0)},
          {"time 106", time(106)},
          {"time 107", time(107)},
          {"lease", lease(200, 2)},
          {"lease failed", lease_failed},
          {"lease lost", lease_lost(100)},
          {"another lost", lease_lost(99)},
          {"won", written(Outcome::won)},
          {"lost", written(Outcome::lost)},
          {"unknown", written(Outcome::unknown)},
          {"view without me", sees(empty())},
          {"later without me", sees(ViewMaker(13).done())},
          {"view with me", sees(me())},
          {"view, other life", sees(other_life())},
          {"view, other build", sees(another_build())},
          {"older view", sees(old())},
          {"leave", leave}};
}

std::string outcome(Membership& membership, const Event& message) {
  const std::string before = describe(membership);
  const std::string decided = text_of(message(membership));
  const std::string after = describe(membership);
  return after == before ? decided : decided + " -> " + after;
}

// Messages that are not listed are ignored.
const char* const table = R"(
outside: outside, lease 0, wakes 0
  time 0             GrantLease -> leasing, lease 0, wakes never
  time 106           GrantLease -> leasing, lease 0, wakes never
  time 107           GrantLease -> leasing, lease 0, wakes never
  leave              Left -> left, lease 0, wakes never
leasing: leasing, lease 0, wakes never
  lease              Read -> joining, lease 200, wakes never
  lease failed        -> outside, lease 0, wakes 15
  leave              Left -> left, lease 0, wakes never
joining: joining, lease 100, wakes never
  lease lost          -> outside, lease 0, wakes 20
  won                Read
  lost               Read
  unknown            Read
  view without me    Write members/A
  later without me   Write members/A
  view with me       Joined 1 lease 100 -> member, lease 100, wakes never
  view, other life    -> joining, lease 100, wakes 107
  view, other build  Revoke 100, Refused -> refused, lease 0, wakes never
  leave              Revoke 100, Left -> left, lease 0, wakes never
name in use: joining, lease 100, wakes 107
  time 107           Revoke 100, Refused -> refused, lease 0, wakes never
  lease lost          -> outside, lease 0, wakes 20
  won                Read
  lost               Read
  unknown            Read
  later without me   Write members/A -> joining, lease 100, wakes never
  view with me       Joined 1 lease 100 -> member, lease 100, wakes never
  view, other build  Revoke 100, Refused -> refused, lease 0, wakes never
  leave              Revoke 100, Left -> left, lease 0, wakes never
member: member, lease 100, wakes never
  lease lost         Lost -> outside, lease 0, wakes 20
  later without me   Lost, Revoke 100 -> outside, lease 0, wakes 7
  view, other life   Lost, Revoke 100 -> outside, lease 0, wakes 7
  view, other build  Lost, Revoke 100, Refused -> refused, lease 0, wakes never
  leave              Revoke 100, Left -> left, lease 0, wakes never
refused: refused, lease 0, wakes never
left: left, lease 0, wakes never
)";

TEST(MembershipTable, EveryMessageInEveryState) {
  const TableWalk how{[](const std::vector<Event>& events) {
                        Membership membership(config(), 0);
                        for (const Event& event : events) {
                          event(membership);
                        }
                        return membership;
                      },
                      describe, outcome};
  EXPECT_EQ(walk(states(), messages(), how), table);
}

std::string after(const std::vector<Event>& events, MembershipConfig with = config()) {
  Membership membership(std::move(with), 0);
  std::string latest;
  for (const Event& event : events) {
    latest = text_of(event(membership));
  }
  return latest;
}

TEST(Membership, TheFirstMemberDescribesTheCluster) {
  View nothing;
  nothing.revision = 1;
  EXPECT_EQ(after({time(0), lease(100, 1), sees(nothing)}), "Write members/A cluster");
}

TEST(Membership, AnotherBuildMayTakeOverAClusterWithoutMembers) {
  View alone = ViewMaker(10).done();
  alone.cluster->fingerprint = "old build";
  EXPECT_EQ(after({time(0), lease(100, 1), sees(alone)}), "Write members/A cluster");
  View taken = ViewMaker(10).with("B", 2).done();
  taken.cluster->fingerprint = "old build";
  EXPECT_EQ(after({time(0), lease(100, 1), sees(taken)}), "Revoke 100, Refused");
}

TEST(Membership, ANameThatBecomesFreeInTimeIsTaken) {
  EXPECT_EQ(after({time(0), lease(100, 1), sees(other_life()), sees(ViewMaker(13).done())}),
            "Write members/A");
}

TEST(Membership, ALostMemberJoinsAgainWithAnotherIncarnation) {
  EXPECT_EQ(after({time(0), lease(100, 1), sees(me()), lease_lost(100), time(20), lease(200, 2),
                   sees(ViewMaker(14).with("A", 2).done())}),
            "Joined 2 lease 200");
}

TEST(Membership, SaysWhatDiffers) {
  const auto refusal = [](const std::function<void(ClusterRecord&)>& change) {
    View view = ViewMaker(10).with("B", 2).done();
    change(*view.cluster);
    Membership membership(config(), 0);
    membership.on_time(0);
    membership.on_lease(100, 1, 5);
    const MemberDecisions decisions = membership.on_view(view, 7);
    return std::get<member::Refused>(decisions.back()).message;
  };
  EXPECT_EQ(refusal([](ClusterRecord& c) { c.application = "bank"; }),
            "the cluster runs the application 'bank' and this worker is of 'shop'; give this one "
            "another cluster name");
  EXPECT_EQ(refusal([](ClusterRecord& c) { c.key_groups = 256; }),
            "the cluster has 256 key groups and this build of the engine 8");
  EXPECT_EQ(refusal([](ClusterRecord& c) { c.store = "/other"; }),
            "the cluster keeps its checkpoints in '/other' and this worker in '/data'; give all "
            "the same --checkpoint-dir");
  EXPECT_EQ(refusal([](ClusterRecord& c) { c.fingerprint = "x"; }),
            "the cluster runs another build of the program, or with other options; workers of one "
            "cluster are stopped, replaced, and started together");
}

}  // namespace
}  // namespace wallaroo::internal::cluster
