#include "state/single_state.hpp"

#include <random>
#include <string>

#include <gtest/gtest.h>

#include "state/save.rig.hpp"

namespace wallaroo::internal {
namespace {

using save_rig::all_groups;

TEST(SingleState, IsSavedAsItWasAtTheStartByEveryCheckpoint) {
  SingleState<std::string> state;
  state.value = "first";
  save_rig::Saves saves;
  std::mt19937 random(1);
  state.begin_save({0, all_groups(), {}});
  state.value = "second";
  save_rig::save_rest(state, saves, random);
  saves.complete();
  SingleState<std::string> restored;
  saves.restore(restored, all_groups());
  EXPECT_EQ(restored.value, "first");
  state.begin_save({0, all_groups(), {}});
  state.abandon_save();
  save_rig::save_rest(state, saves, random);
  EXPECT_TRUE(saves.draft().empty());
  for (int checkpoint = 0; checkpoint < 2; ++checkpoint) {
    restored.begin_save({0, all_groups(), {}});
    save_rig::save_rest(restored, saves, random);
    EXPECT_EQ(saves.draft().size(), 1U);
    saves.complete();
  }
}

TEST(SingleState, BytesThatAreNotWhatTheyShouldBeAreRefused) {
  SingleState<std::string> state;
  state.begin_load(state.key_schema(), state.value_schema(), 0);
  const std::size_t group = key_group(hash_key(NoKey{}));
  EXPECT_THROW(state.load(group, "", 1), StoredError);
  EXPECT_THROW(state.load(group, "x", 0), StoredError);
  EXPECT_THROW(state.begin_load(state.key_schema(), schema_text<int>(), 0), StoredError);
}

}  // namespace
}  // namespace wallaroo::internal
