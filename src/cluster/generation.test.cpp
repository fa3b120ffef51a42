#include "cluster/generation.hpp"

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
using Event = std::function<LeadDecisions(Generation&)>;
using Named = std::pair<std::string, Event>;

/// Two members, A of incarnation 1 and B of incarnation 2; A leads in term 11. The job had come to
/// generation 4 before, so this leader's first one is 5.
GenerationConfig config() {
  GenerationConfig config;
  config.prefix = prefix;
  config.singles = {"orders"};
  config.groups = 4;
  config.expect = 2;
  config.gather_ns = 1000;
  config.settle_ns = 10;
  config.restore_ns = 100;
  config.pauses_ns = {0, 30};
  return config;
}

ViewMaker both(std::int64_t revision) {
  return ViewMaker(revision).with("A", 1).with("B", 2).led_by("A", 1, 11);
}
View before() { return both(20).job(4, JobPhase::running, "old-1", 15).done(); }
View proposed() { return both(21).job(5, JobPhase::recovering, "me-1", 21).done(); }
View started() { return both(22).job(5, JobPhase::running, "me-2", 22).done(); }
View ended() { return both(23).job(5, JobPhase::ended, "me-3", 23).done(); }
View without_b() { return ViewMaker(30).with("A", 1).job(5, JobPhase::running, "me-2", 22).done(); }
View with_c() { return both(30).job(5, JobPhase::running, "me-2", 22).with("C", 3).done(); }
View of_another() { return both(31).job(6, JobPhase::recovering, "other-1", 31).done(); }
View older() { return both(3).done(); }

const MemberId a{"A", 1};
const MemberId b{"B", 2};

LeadDecisions lead(Generation& g) { return g.on_lead(11, "me", 100); }
LeadDecisions step_down(Generation& g) { return g.on_step_down(); }
Event sees(View view, std::int64_t now_ns = 200) {
  return [=, view = std::move(view)](Generation& g) { return g.on_view(view, now_ns); };
}
Event time(std::int64_t now_ns) {
  return [=](Generation& g) { return g.on_time(now_ns); };
}
Event written(Outcome outcome) {
  return [=](Generation& g) { return g.on_written(outcome); };
}
Event chosen(std::uint64_t g5) {
  return [=](Generation& g) { return g.on_chosen(g5, 40, 38, 210); };
}
Event fenced(std::uint64_t g5) {
  return [=](Generation& g) { return g.on_fenced(g5, 220); };
}
Event refused(std::uint64_t g5) {
  return [=](Generation& g) { return g.on_refused(g5, "all are damaged"); };
}
Event greeted(const MemberId& id, std::uint64_t g5 = 5) {
  return [=](Generation& g) { return g.on_greeted(g5, id, 220); };
}
Event restored(const MemberId& id) {
  return [=](Generation& g) { return g.on_restored(5, id, 230); };
}
Event failed(std::uint64_t g5) {
  return [=](Generation& g) { return g.on_failed(g5, "a link was lost", 240); };
}
Event closed(bool refused) {
  return [=](Generation& g) { return g.on_control_closed(5, b, refused, 240); };
}
Event complete(std::uint64_t g5) {
  return [=](Generation& g) { return g.on_complete(g5, 250); };
}
Event finished(std::uint64_t g5) {
  return [=](Generation& g) { return g.on_finished(g5); };
}
Event job_failed(std::uint64_t g5) {
  return [=](Generation& g) { return g.on_job_failed(g5, "stage 'x' threw"); };
}
LeadDecisions progress(Generation& g) { return g.on_progress(5, 300); }

std::string describe(const Generation& generation) {
  const char* const names[] = {"idle",     "gathering", "proposing", "choosing", "restoring",
                               "starting", "running",   "ending",    "over"};
  const std::string wakeup = generation.next_wakeup_ns() == end_of_time
                                 ? "never"
                                 : std::to_string(generation.next_wakeup_ns());
  return fmt::format("{}, wakes {}", names[static_cast<int>(generation.state())], wakeup);
}

std::vector<std::pair<std::string, std::vector<Event>>> states() {
  std::vector<Event> events{sees(before(), 90)};
  std::vector<std::pair<std::string, std::vector<Event>>> states{{"idle", events}};
  const std::vector<Named> way{{"gathering", lead},
                               {"proposing", time(110)},
                               {"choosing", sees(proposed())},
                               {"choosing, B greeted", greeted(b)},
                               {"restoring", chosen(5)},
                               {"restoring, A greeted", greeted(a)},
                               {"restoring, B has", restored(b)},
                               {"starting", restored(a)},
                               {"running", sees(started())}};
  for (const auto& [name, event] : way) {
    events.push_back(event);
    states.emplace_back(name, events);
    if (name == "proposing") {
      std::vector<Event> answered = events;
      answered.push_back(written(Outcome::unknown));
      states.emplace_back("proposing, answered", answered);
    }
  }
  std::vector<Event> joined = events;
  joined.push_back(sees(with_c()));
  states.emplace_back("running, C joined", joined);
  events.push_back(finished(5));
  states.emplace_back("ending", events);
  events.push_back(sees(ended()));
  states.emplace_back("over", events);
  return states;
}

std::vector<Named> messages() {
  return {{"lead", lead},
          {"step down", step_down},
          {"view of before", sees(before())},
          {"view, proposed", sees(proposed())},
          {"view, started", sees(started())},
          {"view, ended", sees(ended())},
          {"view without B", sees(without_b())},
          {"view with C", sees(with_c())},
          {"view, another led", sees(of_another())},
          {"older view", sees(older())},
          {"won", written(Outcome::won)},
          {"lost", written(Outcome::lost)},
          {"unknown", written(Outcome::unknown)},
          {"time 109", time(109)},
          {"time 110", time(110)},
          {"time 400", time(400)},
          {"chosen 4", chosen(4)},
          {"chosen 5", chosen(5)},
          {"fenced 4", fenced(4)},
          {"fenced 5", fenced(5)},
          {"refused 4", refused(4)},
          {"refused 5", refused(5)},
          {"greeted A", greeted(a)},
          {"greeted A for 4", greeted(a, 4)},
          {"greeted B", greeted(b)},
          {"greeted C", greeted({"C", 3})},
          {"restored A", restored(a)},
          {"restored C", restored({"C", 3})},
          {"progress", progress},
          {"failed 4", failed(4)},
          {"failed 5", failed(5)},
          {"B closed", closed(false)},
          {"B refused", closed(true)},
          {"complete 4", complete(4)},
          {"complete 5", complete(5)},
          {"finished 4", finished(4)},
          {"finished 5", finished(5)},
          {"job failed 4", job_failed(4)},
          {"job failed 5", job_failed(5)}};
}

std::string outcome(Generation& generation, const Event& message) {
  const std::string before = describe(generation);
  const std::string decided = text_of(message(generation));
  const std::string after = describe(generation);
  return after == before ? decided : decided + " -> " + after;
}

// Messages that are not listed are ignored.
const char* const table = R"(
idle: idle, wakes never
  lead                -> gathering, wakes 110
gathering: gathering, wakes 110
  step down           -> idle, wakes never
  view of before     Write job assignment -> proposing, wakes never
  view, proposed     Write job assignment -> proposing, wakes never
  view, started      Write job assignment -> proposing, wakes never
  view, ended         -> gathering, wakes never
  view without B     Write job assignment -> proposing, wakes never
  view with C        Write job assignment -> proposing, wakes never
  view, another led  Write job assignment -> proposing, wakes never
  time 110           Write job assignment -> proposing, wakes never
  time 400           Write job assignment -> proposing, wakes never
proposing: proposing, wakes never
  step down           -> idle, wakes never
  view, proposed     Choose 5 -> choosing, wakes never
  view, started       -> gathering, wakes 210
  view, ended         -> gathering, wakes 210
  view without B      -> gathering, wakes 210
  view with C         -> gathering, wakes 210
  view, another led   -> gathering, wakes 210
  won                Read
  lost               Read
  unknown            Read
proposing, answered: proposing, wakes never
  step down           -> idle, wakes never
  view of before     Write job assignment
  view, proposed     Choose 5 -> choosing, wakes never
  view, started       -> gathering, wakes 210
  view, ended         -> gathering, wakes 210
  view without B      -> gathering, wakes 210
  view with C         -> gathering, wakes 210
  view, another led   -> gathering, wakes 210
  won                Read
  lost               Read
  unknown            Read
choosing: choosing, wakes never
  step down          Abandon 5 -> idle, wakes never
  view without B     Abandon 5 -> gathering, wakes 210
  chosen 5            -> restoring, wakes 310
  fenced 5           Abandon 5 -> gathering, wakes 230
  refused 5          Write job -> ending, wakes never
  failed 5           Abandon 5 -> gathering, wakes 250
  B closed           Abandon 5 -> gathering, wakes 250
  B refused          Abandon 5, Exclude B lease 200 -> gathering, wakes 250
choosing, B greeted: choosing, wakes never
  step down          Abandon 5 -> idle, wakes never
  view without B     Abandon 5 -> gathering, wakes 210
  chosen 5           Restore B -> restoring, wakes 310
  fenced 5           Abandon 5 -> gathering, wakes 230
  refused 5          Write job -> ending, wakes never
  failed 5           Abandon 5 -> gathering, wakes 250
  B closed           Abandon 5 -> gathering, wakes 250
  B refused          Abandon 5, Exclude B lease 200 -> gathering, wakes 250
restoring: restoring, wakes 310
  step down          Abandon 5 -> idle, wakes never
  view without B     Abandon 5 -> gathering, wakes 210
  time 400           Exclude A lease 100, Exclude B lease 200 -> restoring, wakes 500
  fenced 5           Abandon 5 -> gathering, wakes 230
  greeted A          Restore A
  greeted B          Restore B
  restored A          -> restoring, wakes 330
  progress            -> restoring, wakes 400
  failed 5           Abandon 5 -> gathering, wakes 250
  B closed           Abandon 5 -> gathering, wakes 250
  B refused          Abandon 5, Exclude B lease 200 -> gathering, wakes 250
restoring, A greeted: restoring, wakes 310
  step down          Abandon 5 -> idle, wakes never
  view without B     Abandon 5 -> gathering, wakes 210
  time 400           Exclude A lease 100, Exclude B lease 200 -> restoring, wakes 500
  fenced 5           Abandon 5 -> gathering, wakes 230
  greeted A          Restore A
  greeted B          Restore B
  restored A          -> restoring, wakes 330
  progress            -> restoring, wakes 400
  failed 5           Abandon 5 -> gathering, wakes 250
  B closed           Abandon 5 -> gathering, wakes 250
  B refused          Abandon 5, Exclude B lease 200 -> gathering, wakes 250
restoring, B has: restoring, wakes 330
  step down          Abandon 5 -> idle, wakes never
  view without B     Abandon 5 -> gathering, wakes 210
  time 400           Exclude A lease 100 -> restoring, wakes 500
  fenced 5           Abandon 5 -> gathering, wakes 230
  greeted A          Restore A
  greeted B          Abandon 5 -> gathering, wakes 230
  restored A         Write job -> starting, wakes never
  progress            -> restoring, wakes 400
  failed 5           Abandon 5 -> gathering, wakes 250
  B closed           Abandon 5 -> gathering, wakes 250
  B refused          Abandon 5, Exclude B lease 200 -> gathering, wakes 250
starting: starting, wakes never
  step down          Abandon 5 -> idle, wakes never
  view, started      Start 5 -> running, wakes never
  view, ended        Abandon 5 -> gathering, wakes 210
  view without B     Abandon 5 -> gathering, wakes 210
  view with C        Start 5 -> running, wakes never
  view, another led  Abandon 5 -> gathering, wakes 210
  won                Read
  lost               Read
  unknown            Read
  fenced 5           Abandon 5 -> gathering, wakes 230
  greeted A          Abandon 5 -> gathering, wakes 230
  greeted B          Abandon 5 -> gathering, wakes 230
  failed 5           Abandon 5 -> gathering, wakes 250
  B closed           Abandon 5 -> gathering, wakes 250
  B refused          Abandon 5, Exclude B lease 200 -> gathering, wakes 250
running: running, wakes never
  step down          Abandon 5 -> idle, wakes never
  view without B     Abandon 5 -> gathering, wakes 210
  fenced 5           Abandon 5 -> gathering, wakes 230
  greeted A          Abandon 5 -> gathering, wakes 230
  greeted B          Abandon 5 -> gathering, wakes 230
  failed 5           Abandon 5 -> gathering, wakes 250
  B closed           Abandon 5 -> gathering, wakes 250
  B refused          Abandon 5, Exclude B lease 200 -> gathering, wakes 250
  finished 5         Write job -> ending, wakes never
  job failed 5       Abandon 5, Write job -> ending, wakes never
running, C joined: running, wakes never
  step down          Abandon 5 -> idle, wakes never
  view without B     Abandon 5 -> gathering, wakes 210
  fenced 5           Abandon 5 -> gathering, wakes 230
  greeted A          Abandon 5 -> gathering, wakes 230
  greeted B          Abandon 5 -> gathering, wakes 230
  failed 5           Abandon 5 -> gathering, wakes 250
  B closed           Abandon 5 -> gathering, wakes 250
  B refused          Abandon 5, Exclude B lease 200 -> gathering, wakes 250
  complete 5         Abandon 5 -> gathering, wakes 260
  finished 5         Write job -> ending, wakes never
  job failed 5       Abandon 5, Write job -> ending, wakes never
ending: ending, wakes never
  step down           -> idle, wakes never
  view, ended        Ended -> over, wakes never
  view, another led   -> gathering, wakes 210
  won                Read
  lost               Read
  unknown            Read
over: over, wakes never
  step down           -> idle, wakes never
)";

Generation reach(const std::vector<Event>& events) {
  Generation generation(config());
  for (const Event& event : events) {
    event(generation);
  }
  return generation;
}

TEST(GenerationTable, EveryMessageInEveryState) {
  const TableWalk how{reach, describe, outcome};
  EXPECT_EQ(walk(states(), messages(), how), table);
}

TEST(Generation, TheFirstOneBeginsWhenThoseThatAreExpectedAreThere) {
  Generation generation(config());
  generation.on_view(ViewMaker(20).with("A", 1).led_by("A", 1, 11).done(), 90);
  EXPECT_EQ(text_of(lead(generation)), "");
  EXPECT_EQ(generation.next_wakeup_ns(), 1100);
  EXPECT_EQ(text_of(generation.on_view(both(21).done(), 500)), "");
  EXPECT_EQ(generation.next_wakeup_ns(), 510);
  EXPECT_EQ(text_of(generation.on_time(510)), "Write job assignment");
  EXPECT_EQ(generation.job().generation, 1u);
  EXPECT_EQ(generation.job().members.size(), 2u);
  EXPECT_EQ(generation.assignment().groups, (std::vector<std::uint16_t>{0, 0, 1, 1}));
}

TEST(Generation, TheFirstOneBeginsWithoutThoseThatDoNotCome) {
  Generation generation(config());
  generation.on_view(ViewMaker(20).with("A", 1).led_by("A", 1, 11).done(), 90);
  lead(generation);
  EXPECT_EQ(text_of(generation.on_time(1100)), "Write job assignment");
}

TEST(Generation, WaitsForTheLeastNumberOfMembers) {
  GenerationConfig with = config();
  with.least = 2;
  Generation generation(with);
  generation.on_view(ViewMaker(20).with("A", 1).led_by("A", 1, 11).done(), 90);
  lead(generation);
  EXPECT_EQ(text_of(generation.on_time(1100)), "");
  EXPECT_EQ(generation.next_wakeup_ns(), end_of_time);
  EXPECT_EQ(text_of(generation.on_view(both(21).done(), 5000)), "Write job assignment");
}

TEST(Generation, PausesGrowUntilACheckpointIsComplete) {
  Generation generation = reach({sees(before(), 90), lead});
  std::int64_t now = 110;
  std::string waits;
  for (std::uint64_t g = 5; g != 9; ++g) {
    generation.on_time(now);
    generation.on_view(both(static_cast<std::int64_t>(16 + g))
                           .job(g, JobPhase::recovering, fmt::format("me-{}", g - 4),
                                static_cast<std::int64_t>(16 + g))
                           .done(),
                       now);
    EXPECT_EQ(text_of(generation.on_failed(g, "again", now)), fmt::format("Abandon {}", g));
    waits += std::to_string(generation.next_wakeup_ns() - now) + " ";
    now = generation.next_wakeup_ns();
  }
  EXPECT_EQ(waits, "10 30 30 30 ");
}

TEST(Generation, AJobThatHasEndedGoesOnOnlyWhenItsMembersAreGone) {
  Generation generation(config());
  View over = both(20).job(4, JobPhase::ended, "old-1", 15).done();
  generation.on_view(over, 90);
  lead(generation);
  EXPECT_EQ(text_of(generation.on_time(2000)), "");
  over.revision = 21;
  over.members = {{"A", member_record("A", 7)}};
  EXPECT_EQ(text_of(generation.on_view(over, 2100)), "Write job assignment");
  EXPECT_EQ(generation.job().generation, 5u);
}

TEST(Generation, ARefusalEndsTheJobWithItsMessage) {
  Generation generation = reach({sees(before(), 90), lead, time(110), sees(proposed())});
  EXPECT_EQ(text_of(generation.on_refused(5, "all are damaged")), "Write job");
  EXPECT_EQ(generation.job().error, "all are damaged");
  EXPECT_EQ(generation.job().phase, JobPhase::ended);
}

}  // namespace
}  // namespace wallaroo::internal::cluster
