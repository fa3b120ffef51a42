// Saving leaves an executor time to sleep.
#include "run/checkpoints/state_keeper.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "step/stage.hpp"

namespace wallaroo::internal {
namespace {

/// A state that is saved in so many parts, each of which takes a while and, unless `long_entries`,
/// as many entries as may be saved until somebody looks at the clock.
class SlowState final : public StageState, private StatePart {
 public:
  std::chrono::nanoseconds time_of_part{100};
  bool long_entries = true;
  std::string bytes = "bytes";

  SlowState(ManualClock& clock, int slices) : clock_(clock), slices_(slices) {}
  std::vector<StatePart*> parts() override { return {this}; }

 private:
  std::string_view name() const override { return "state"; }
  bool storable() const override { return true; }
  void visit_keys(KeyVisitor&) override {}
  std::string key_schema() const override { return "u64"; }
  std::string value_schema() const override { return "u64"; }
  void begin_save(const SaveStart&) override { left_ = slices_; }
  bool save_some(std::size_t& budget, SectionSink& out) override {
    clock_.advance(time_of_part);
    out.section(7, bytes, 1);
    budget = long_entries ? budget : 0;
    return --left_ != 0;
  }
  void abandon_save() override {}
  void begin_load(std::string_view, std::string_view, std::int64_t) override {}
  void load(const SavedGroup&, std::string_view, std::uint32_t) override {}
  void end_load() override {}

  ManualClock& clock_;
  int slices_;
  int left_ = 0;
};

bool in_scope = false;
int scopes = 0;

void run_in_scope(const std::function<void()>& work) {
  in_scope = true;
  ++scopes;
  work();
  in_scope = false;
}

class Port final : public CheckpointPort {
 public:
  bool room = true;
  std::vector<std::uint64_t> saved;
  std::size_t sections = 0;

  bool has_room() override { return room; }
  void save_block(std::uint64_t, StateBlock block) override {
    EXPECT_FALSE(in_scope);
    sections += block.sections.size();
  }
  void save_instance(std::uint64_t, ManifestInstance) override {}
  void save_positions(std::uint64_t, std::size_t, std::vector<SourcePosition>, bool) override {}
  void task_saved(std::uint64_t number, std::size_t) override { saved.push_back(number); }
  void sink_prepared(std::uint64_t, std::size_t, std::string) override {}
  void sink_committed(std::uint64_t, std::size_t) override {}
  void roll_back(std::string) override {}
  void executor_ended(int) override {}
};

struct Rig {
  explicit Rig(int slices) : state(clock, slices) {
    stage.info = &info;
    keeper.attach({{&stage, &state, &run_in_scope}}, {0},
                  {{&port, 0}, 0, 1, &clock, 0, KeyGroups().set()});
  }
  void pass(std::int64_t ns) { clock.advance(std::chrono::nanoseconds(ns)); }

  ManualClock clock;
  Port port;
  StageInfo info{"stage", "pipeline", StageKind::computation, OnError::stop};
  StageRuntime stage;
  SlowState state;
  StateKeeper keeper;
};

TEST(StateKeeper, PausesBetweenSlicesForTwiceAsLongAsTheyTake) {
  Rig rig(3);
  EXPECT_EQ(rig.keeper.due_ns(), end_of_time);
  rig.keeper.begin(1, {});
  ASSERT_TRUE(rig.keeper.step());
  EXPECT_FALSE(rig.keeper.can_step());
  EXPECT_EQ(rig.keeper.due_ns(), rig.clock.now_ns() + 200);
  rig.pass(199);
  EXPECT_FALSE(rig.keeper.step());
  rig.pass(1);
  EXPECT_TRUE(rig.keeper.can_step());
  ASSERT_TRUE(rig.keeper.step());
  rig.pass(200);
  ASSERT_TRUE(rig.keeper.step());
  EXPECT_EQ(rig.port.saved, std::vector<std::uint64_t>{1});
  EXPECT_EQ(rig.port.sections, 3U);
  EXPECT_EQ(rig.keeper.due_ns(), end_of_time);
}

TEST(StateKeeper, EndsASliceOfSlowEntriesAfterAMillisecond) {
  Rig rig(20);
  rig.state.long_entries = false;
  rig.state.time_of_part = std::chrono::microseconds(300);
  rig.keeper.begin(1, {});
  const std::int64_t began_ns = rig.clock.now_ns();
  ASSERT_TRUE(rig.keeper.step());
  EXPECT_EQ(rig.clock.now_ns() - began_ns, 1'200'000);
}

TEST(StateKeeper, EndsASliceOfFastEntriesAfterSomeThousand) {
  Rig rig(20);
  rig.state.long_entries = false;
  rig.keeper.begin(1, {});
  const std::int64_t began_ns = rig.clock.now_ns();
  ASSERT_TRUE(rig.keeper.step());
  EXPECT_EQ(rig.clock.now_ns() - began_ns, 1'600);
}

TEST(StateKeeper, HandsBlocksOverOutsideOfTheScopeInWhichItSaves) {
  Rig rig(3);
  rig.state.bytes = std::string(300'000, 'x');
  scopes = 0;
  rig.keeper.begin(1, {});
  while (rig.keeper.step()) {
    rig.pass(1'000'000);
  }
  EXPECT_EQ(scopes, 3);
  EXPECT_EQ(rig.port.sections, 3U);
  EXPECT_EQ(rig.port.saved, std::vector<std::uint64_t>{1});
}

TEST(StateKeeper, WaitsForRoomAndNotForTimeWhenThereIsNone) {
  Rig rig(2);
  rig.keeper.begin(1, {});
  rig.port.room = false;
  EXPECT_FALSE(rig.keeper.step());
  EXPECT_EQ(rig.keeper.due_ns(), end_of_time);
  rig.port.room = true;
  EXPECT_TRUE(rig.keeper.step());
}

TEST(StateKeeper, BeginsTheNextCheckpointAtOnce) {
  Rig rig(2);
  rig.keeper.begin(1, {});
  ASSERT_TRUE(rig.keeper.step());
  rig.keeper.begin(2, {});
  EXPECT_TRUE(rig.keeper.can_step());
}

}  // namespace
}  // namespace wallaroo::internal
