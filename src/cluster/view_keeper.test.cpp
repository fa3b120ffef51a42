#include "cluster/view_keeper.hpp"

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
using Event = std::function<KeepDecisions(ViewKeeper&)>;
using Named = std::pair<std::string, Event>;

constexpr std::int64_t second = 1'000'000'000;

KeyValue member(const std::string& worker, std::int64_t revision) {
  MemberRecord record = member_record(worker, 1);
  return {prefix + "members/" + worker, to_json(record), revision, revision, 1};
}

KeepDecisions read(ViewKeeper& k) { return k.read(); }
Event range(std::int64_t revision, const std::vector<KeyValue>& keys, std::uint64_t etcd = 7) {
  return [=](ViewKeeper& k) { return k.on_range({etcd, revision}, keys); };
}
KeepDecisions range_failed(ViewKeeper& k) { return k.on_range_failed(10); }
Event events(std::int64_t revision, const std::string& worker, std::uint64_t etcd = 7) {
  return [=](ViewKeeper& k) {
    return k.on_events({etcd, revision}, {{member(worker, revision), false}});
  };
}
KeepDecisions gone(ViewKeeper& k) {
  return k.on_events({7, 12}, {{{prefix + "members/A", "", 0, 12, 0}, true}});
}
KeepDecisions ended(ViewKeeper& k) { return k.on_watch_ended(); }
Event header(std::int64_t revision, std::uint64_t etcd = 7) {
  return [=](ViewKeeper& k) { return k.on_header({etcd, revision}, 20); };
}
Event time(std::int64_t now_ns) {
  return [=](ViewKeeper& k) { return k.on_time(now_ns); };
}

std::string describe(const ViewKeeper& keeper) {
  const std::string wakeup =
      keeper.next_wakeup_ns() == end_of_time ? "never" : std::to_string(keeper.next_wakeup_ns());
  return fmt::format("revision {}, wakes {}", keeper.revision(), wakeup);
}

/// At revision 10 the member A is in etcd.
std::vector<std::pair<std::string, std::vector<Event>>> states() {
  const std::vector<Event> watching{read, range(10, {member("A", 10)})};
  const auto then = [](std::vector<Event> events, const std::vector<Event>& more) {
    events.insert(events.end(), more.begin(), more.end());
    return events;
  };
  return {{"begins", {}},
          {"first range", {read}},
          {"first range failed", {read, range_failed}},
          {"watching", watching},
          {"behind", then(watching, {header(11)})},
          {"stalled", then(watching, {header(11), time(second + 20)})},
          {"watch ended", then(watching, {ended})},
          {"wiped", then(watching, {header(11, 8)})}};
}

std::vector<Named> messages() {
  return {{"read", read},
          {"range 9", range(9, {})},
          {"range 10", range(10, {member("A", 10)})},
          {"range 11", range(11, {member("A", 10), member("B", 11)})},
          {"range of another", range(11, {}, 8)},
          {"range failed", range_failed},
          {"event 10", events(10, "A")},
          {"event 11", events(11, "B")},
          {"A is gone", gone},
          {"event of another", events(11, "B", 8)},
          {"watch ended", ended},
          {"header 10", header(10)},
          {"header 11", header(11)},
          {"header of another", header(10, 8)},
          {"time 1 s", time(second + 20)}};
}

std::string outcome(ViewKeeper& keeper, const Event& message) {
  const std::string before = describe(keeper);
  const std::string decided = text_of(message(keeper));
  const std::string after = describe(keeper);
  return after == before ? decided : decided + " -> " + after;
}

// Messages that are not listed are ignored.
const char* const table = R"(
begins: revision 0, wakes never
  read               Range
  watch ended        Range
  header 10           -> revision 0, wakes 1000000020
  header 11           -> revision 0, wakes 1000000020
  header of another   -> revision 0, wakes 1000000020
first range: revision 0, wakes never
  range 9            Seen 0 members at 9, Watch from 10 -> revision 9, wakes never
  range 10           Seen 1 members at 10, Watch from 11 -> revision 10, wakes never
  range 11           Seen 2 members at 11, Watch from 12 -> revision 11, wakes never
  range of another   Seen 0 members at 11, Watch from 12 -> revision 11, wakes never
  range failed        -> revision 0, wakes 50000010
first range failed: revision 0, wakes 50000010
  read               Range -> revision 0, wakes never
  watch ended        Range -> revision 0, wakes never
  time 1 s           Range -> revision 0, wakes never
watching: revision 10, wakes never
  read               Range
  event 11           Seen 2 members at 11 -> revision 11, wakes never
  A is gone          Seen 0 members at 12 -> revision 12, wakes never
  event of another   Wiped
  watch ended        Range
  header 11           -> revision 10, wakes 1000000020
  header of another  Wiped
behind: revision 10, wakes 1000000020
  read               Range -> revision 10, wakes never
  event 11           Seen 2 members at 11 -> revision 11, wakes never
  A is gone          Seen 0 members at 12 -> revision 12, wakes never
  event of another   Wiped -> revision 10, wakes never
  watch ended        Range -> revision 10, wakes never
  header of another  Wiped -> revision 10, wakes never
  time 1 s           Range -> revision 10, wakes never
stalled: revision 10, wakes never
  range 9            Wiped
  range 10           Seen 1 members at 10
  range 11           Seen 2 members at 11, Watch from 12 -> revision 11, wakes never
  range of another   Wiped
  range failed        -> revision 10, wakes 50000010
  event 11           Seen 2 members at 11 -> revision 11, wakes never
  A is gone          Seen 0 members at 12 -> revision 12, wakes never
  event of another   Wiped
  header of another  Wiped
watch ended: revision 10, wakes never
  range 9            Wiped
  range 10           Seen 1 members at 10, Watch from 11
  range 11           Seen 2 members at 11, Watch from 12 -> revision 11, wakes never
  range of another   Wiped
  range failed        -> revision 10, wakes 50000010
  header of another  Wiped
wiped: revision 10, wakes never
)";

ViewKeeper reach(const std::vector<Event>& events) {
  ViewKeeper keeper(prefix);
  for (const Event& event : events) {
    event(keeper);
  }
  return keeper;
}

TEST(ViewKeeperTable, EveryMessageInEveryState) {
  const TableWalk how{reach, describe, outcome};
  EXPECT_EQ(walk(states(), messages(), how), table);
}

TEST(ViewKeeper, ARangeIsRepeatedAfterPausesThatGrow) {
  ViewKeeper keeper = reach({read});
  std::string pauses;
  std::int64_t now = 0;
  for (int i = 0; i != 7; ++i) {
    keeper.on_range_failed(now);
    pauses += std::to_string((keeper.next_wakeup_ns() - now) / 1'000'000) + " ";
    now = keeper.next_wakeup_ns();
    EXPECT_EQ(text_of(keeper.on_time(now)), "Range");
  }
  EXPECT_EQ(pauses, "50 100 200 400 800 1000 1000 ");
}

TEST(ViewKeeper, ABrokenJobIsReported) {
  ViewKeeper keeper = reach({read});
  const std::string said = text_of(keeper.on_range({7, 10}, {{prefix + "job", "{", 3, 3, 0}}));
  EXPECT_EQ(said.substr(0, 61), "Broken: the value of '/wallaroo/shop/job' in etcd is not JSON");
}

}  // namespace
}  // namespace wallaroo::internal::cluster
