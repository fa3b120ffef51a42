// A leader with two workers, whose tasks and sinks are the test.
#include "run/checkpoints/checkpoint_leader.hpp"

#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/failpoint.hpp"
#include "checkpoint/files/claimed_numbers.hpp"
#include "checkpoint/store/store.rig.hpp"
#include "run/checkpoints/checkpoint_loop.hpp"
#include "run/checkpoints/checkpoint_part.hpp"
#include "run/checkpoints/leader_numbers.hpp"

namespace wallaroo::internal {
namespace {

class LeaderTest : public testing::Test {
 protected:
  LeaderTest() {
    for (std::uint32_t member = 0; member < 2; ++member) {
      PartPlan plan;
      plan.task_names = {fmt::format("stage 'count' of {}", member),
                         fmt::format("stage 'sum' of {}", member)};
      plan.sources = {"lines"};
      plan.generation = 7;
      plan.member = member;
      parts[member].prepare_for(plan);
      parts[member].open(store, leader);
    }
    LeaderPlan plan;
    plan.application = "app";
    plan.generation = 7;
    plan.workers = {&parts[0], &parts[1]};
    plan.members = {{"a", 1}, {"b", 1}};
    plan.executors = 2;
    plan.assignment = assign_evenly(2);
    plan.stages = {{"count", "state", "", {{"state", "string", "u64"}}}};
    plan.sources = {"lines"};
    plan.sinks = {"out"};
    plan.sink_names = {"sink 'out'"};
    leader.prepare_for(plan, {[this] { events += "finished\n"; },
                              [this](const std::string& why) { events += why + "\n"; },
                              [this](const std::string& why) { events += why + "\n"; }});
    numbers.claim();
    leader.open(store, std::make_unique<LeaderNumbers>(numbers), std::nullopt, {});
  }

  void begin() {
    leader.begin_now();
    loop.run_posted();
  }
  void save_block(std::size_t member, std::uint64_t number, const std::string& bytes) {
    const auto group = static_cast<std::uint16_t>(200 * member);
    parts[member].save_block(number, rig_block(0, 0, group, bytes));
    loop.run_posted();
  }
  void save_rest(std::size_t member, std::uint64_t number) {
    const std::string at = fmt::format("{} of {}", number, member);
    parts[member].save_positions(number, 0, {{at, "position"}}, member == 0);
    for (const std::size_t task : {0, 1, 1}) {
      parts[member].task_saved(number, task);
    }
    loop.run_posted();
  }
  void vote(std::uint64_t number) {
    parts[1].sink_prepared(number, 0, "yes");
    loop.run_posted();
  }
  void commit(std::uint64_t number) {
    parts[1].sink_committed(number, 0);
    loop.run_posted();
  }
  void take(std::uint64_t number) {
    begin();
    for (const std::size_t member : {0, 1}) {
      save_block(member, number, fmt::format("{} of {}", number, member));
      save_rest(member, number);
    }
    vote(number);
    commit(number);
  }

  ManualClock clock{0};
  std::string events;
  Log log{LogLevel::warning,
          [this](LogLevel, std::string_view line) { events += fmt::format("{}\n", line); }};
  StoreDirectory directory;
  CheckpointStore store{directory.path(), CheckpointStore::Access::share};
  ClaimedNumbers numbers{*store.files(), "test"};
  CheckpointMetrics metrics;
  CheckpointLoop loop{clock};
  CheckpointLeader leader{{}, clock, log, metrics};
  CheckpointPart parts[2] = {{loop, log}, {loop, log}};
};

TEST_F(LeaderTest, PutsTogetherWhatAllWorkersHaveSaved) {
  take(2);
  EXPECT_FALSE(leader.busy());
  const Manifest manifest = *store.latest();
  EXPECT_EQ(manifest.number, 2U);
  EXPECT_EQ(manifest.generation, 7U);
  EXPECT_EQ(manifest.members, (std::vector<ManifestMember>{{"a", 1}, {"b", 1}}));
  EXPECT_EQ(manifest.owners.size(), key_group_count);
  EXPECT_EQ(manifest.files.size(), 2U);
  EXPECT_EQ(manifest.sources[0].positions.size(), 2U);
  EXPECT_FALSE(manifest.sources[0].ended) << "only the share of one worker has";
  EXPECT_EQ(manifest.sinks[0].prepared, "yes");
  const RestoredState state = restore_all(store, manifest);
  EXPECT_EQ(state.at({"count", "state", 0}), "2 of 0");
  EXPECT_EQ(state.at({"count", "state", 200}), "2 of 1");
  EXPECT_EQ(metrics.completed.value(), 1U);
  EXPECT_EQ(events, "");
}

TEST_F(LeaderTest, GroupsThatAWorkerDidNotSaveAreCarriedOver) {
  take(2);
  begin();
  save_block(1, 3, "3 of 1");
  save_rest(0, 3);
  save_rest(1, 3);
  vote(3);
  EXPECT_EQ(store.latest()->number, 3U) << "it is complete before the sink has committed";
  commit(3);
  const RestoredState state = restore_all(store, *store.latest());
  EXPECT_EQ(state.at({"count", "state", 0}), "2 of 0");
  EXPECT_EQ(state.at({"count", "state", 200}), "3 of 1");
}

TEST_F(LeaderTest, ACheckpointThatFailedAtOneWorkerIsVoid) {
  if constexpr (failpoints_enabled) {
    begin();
    save_block(0, 2, "lost");
    {
      const ScopedFailpoints broken({.rules = "store.data.write.before=error:ENOSPC"});
      save_block(1, 2, "too much");
    }
    EXPECT_NE(events.find("checkpoint 2 failed: "), std::string::npos) << events;
    save_rest(0, 2);
    save_rest(1, 2);
    EXPECT_EQ(store.voids().front().number, 2U);
    EXPECT_NE(store.voids().front().reason.find("no space left"), std::string::npos);
    EXPECT_TRUE(std::filesystem::is_empty(store.layout().data()));
    take(3);
    EXPECT_EQ(store.latest()->number, 3U);
  }
}

TEST_F(LeaderTest, CommitsNothingOnceANewerGenerationHasTakenOver) {
  begin();
  ClaimedNumbers newer(*store.files(), "newer");
  ASSERT_TRUE(newer.claim().has_value());
  save_rest(0, 2);
  save_rest(1, 2);
  vote(2);
  EXPECT_EQ(events, "a newer generation of workers has taken over the checkpoints of this one\n");
  EXPECT_FALSE(store.latest().has_value());
  EXPECT_EQ(metrics.completed.value(), 0U);
}

TEST_F(LeaderTest, NamesTheTasksThatAreLate) {
  begin();
  save_rest(0, 2);
  parts[1].task_saved(2, 0);
  loop.run_posted();
  clock.advance(std::chrono::seconds(11));
  leader.on_time();
  EXPECT_EQ(events,
            "waiting for stage 'sum' of 1 to pass the barrier of checkpoint 2, 10 s of 600 s\n");
  events.clear();
  clock.advance(std::chrono::seconds(590));
  leader.on_time();
  EXPECT_EQ(events,
            "checkpoint 2 failed: 1 of 4 tasks have not saved their state within 600 s (stage "
            "'sum' of 1)\n");
}

TEST_F(LeaderTest, TakesTheLastCheckpointWhenAllWorkersAreQuiet) {
  leader.member_quiet(0);
  EXPECT_FALSE(leader.busy());
  leader.member_quiet(1);
  EXPECT_TRUE(leader.busy());
  loop.run_posted();
  save_rest(0, 2);
  save_rest(1, 2);
  vote(2);
  EXPECT_EQ(events, "");
  commit(2);
  EXPECT_EQ(events, "finished\n");
}

}  // namespace
}  // namespace wallaroo::internal
