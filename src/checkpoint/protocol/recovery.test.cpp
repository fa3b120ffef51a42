#include "checkpoint/protocol/recovery.hpp"

#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

namespace wallaroo::internal {
namespace {

RecoveryChoice chosen(std::vector<CheckpointCandidate> candidates,
                      std::optional<std::uint64_t> wanted = {}) {
  return std::get<RecoveryChoice>(choose_checkpoint(std::move(candidates), wanted));
}
std::string refused(std::vector<CheckpointCandidate> candidates,
                    std::optional<std::uint64_t> wanted = {}) {
  return std::get<RecoveryRefusal>(choose_checkpoint(std::move(candidates), wanted)).message;
}

TEST(RecoveryChoice, WithoutCheckpointsTheApplicationStartsAnew) {
  const RecoveryChoice choice = chosen({});
  EXPECT_EQ(choice.number, std::nullopt);
}

TEST(RecoveryChoice, TheNewestWholeOneInWhateverOrderTheyAreFound) {
  const RecoveryChoice choice = chosen({{7, ""}, {9, ""}, {8, ""}});
  EXPECT_EQ(choice.number, 9u);
  EXPECT_TRUE(choice.passed_over.empty());
}

TEST(RecoveryChoice, NewerOnesThatAreDamagedArePassedOver) {
  const RecoveryChoice choice = chosen({{7, ""}, {9, "cut off"}, {8, "block 3"}, {6, "old"}});
  EXPECT_EQ(choice.number, 7u);
  ASSERT_EQ(choice.passed_over.size(), 2u);
  EXPECT_EQ(choice.passed_over[0].damage, "cut off");
  EXPECT_EQ(choice.passed_over[1].number, 8u);
}

TEST(RecoveryChoice, OnlyDamagedOnesAreRefused) {
  EXPECT_EQ(refused({{4, "cut off"}, {5, "block 3"}}),
            "no checkpoint can be restored: there are 5 (damaged: block 3), 4 (damaged: cut off); "
            "bring back a whole copy of the directory, or give an empty one to start anew; then "
            "committed output comes out again");
}

TEST(RecoveryChoice, AWantedOneIsTakenOrRefused) {
  const RecoveryChoice choice = chosen({{7, ""}, {9, ""}, {8, "cut off"}}, 7);
  EXPECT_EQ(choice.number, 7u);
  EXPECT_EQ(refused({{7, ""}, {8, "cut off"}}, 8),
            "checkpoint 8 cannot be restored: cut off; there are 8 (damaged: cut off), 7");
  EXPECT_EQ(refused({{7, ""}}, 6),
            "checkpoint 6 cannot be restored: it does not exist; there are 7");
  EXPECT_EQ(refused({}, 6), "checkpoint 6 cannot be restored: it does not exist; there is none");
}

TEST(RecoveryChoice, VoidNumbersAreNoCheckpoints) {
  const RecoveryChoice choice = chosen({{7, ""}, {8, "cut off"}, {9, "", true}});
  EXPECT_EQ(choice.number, 7u);
  ASSERT_EQ(choice.passed_over.size(), 1u);
  EXPECT_EQ(choice.passed_over[0].number, 8u);
  EXPECT_EQ(chosen({{1, "", true}, {2, "", true}}).number, std::nullopt)
      << "where all numbers are void the application starts anew";
  EXPECT_EQ(refused({{4, "cut off"}, {5, "", true}}).substr(0, 78),
            "no checkpoint can be restored: there are 5 (void), 4 (damaged: cut off); bring");
  EXPECT_EQ(refused({{7, ""}, {8, "", true}}, 8),
            "checkpoint 8 cannot be restored: its number was made void when a newer generation "
            "began or its attempt failed; there are 8 (void), 7");
}

TEST(RecoveryChoice, NothingFromTheFenceOnIsChosen) {
  const RecoveryChoice choice = chosen(below_fence({{7, ""}, {8, ""}, {9, "", true}, {10, ""}}, 8));
  EXPECT_EQ(choice.number, 7u);
  EXPECT_EQ(chosen(below_fence({{9, "", true}, {10, ""}}, 9)).number, std::nullopt);
}

Manifest saved() {
  Manifest manifest;
  manifest.number = 12;
  manifest.application = "shop";
  manifest.engine_version = "0.3.0";
  manifest.key_groups = 256;
  manifest.stages = {{"totals", "state", "", {{"state", "k", "v"}, {"timers", "k", "t"}}},
                     {"hours", "window", "i", {{"windows", "k", "v"}}}};
  manifest.sources = {{"orders", {}, false}, {"rates", {}, true}};
  manifest.sinks = {{"out", "1"}, {"late", "2"}};
  return manifest;
}

PlanShape same() { return {"shop", 256, saved().stages, {"orders", "rates"}, {"out", "late"}}; }

RestoreMapping mapped(const PlanShape& plan, bool allow_dropped_state = false) {
  return std::get<RestoreMapping>(map_checkpoint(saved(), plan, allow_dropped_state));
}
std::string refused(const PlanShape& plan, bool allow_dropped_state = false) {
  const auto mapping = map_checkpoint(saved(), plan, allow_dropped_state);
  const auto* refusal = std::get_if<RecoveryRefusal>(&mapping);
  return refusal == nullptr ? "" : refusal->message;
}
using Indices = std::vector<std::optional<std::size_t>>;

TEST(RestoreMapping, FindsEverythingByNameInAnyOrder) {
  PlanShape plan = same();
  std::swap(plan.stages[0], plan.stages[1]);
  std::swap(plan.stages[1].parts[0], plan.stages[1].parts[1]);
  std::swap(plan.sources[0], plan.sources[1]);
  std::swap(plan.sinks[0], plan.sinks[1]);
  const RestoreMapping mapping = mapped(plan);
  EXPECT_EQ(mapping.stages, (Indices{1, 0}));
  EXPECT_EQ(mapping.parts, (std::vector<std::vector<std::size_t>>{{1, 0}, {0}}));
  EXPECT_TRUE(mapping.notes.empty());
}

TEST(RestoreMapping, WhatIsNewStartsEmpty) {
  PlanShape plan = same();
  plan.stages.insert(plan.stages.begin(), {"extra", "state", "", {{"state", "", ""}}});
  plan.sources.push_back("more");
  plan.sinks.push_back("copy");
  const RestoreMapping mapping = mapped(plan);
  EXPECT_EQ(mapping.stages, (Indices{1, 2}));
  EXPECT_EQ(mapping.notes,
            (std::vector<std::string>{"stage 'extra' is new and starts empty",
                                      "source 'more' is new and starts at its beginning",
                                      "sink 'copy' is new"}));
}

TEST(RestoreMapping, WhatIsGoneMustBeAllowed) {
  PlanShape plan = same();
  plan.stages.erase(plan.stages.begin());
  plan.sources = {"rates"};
  plan.sinks = {"late"};
  EXPECT_EQ(refused(plan),
            "checkpoint 12 does not fit this application:"
            "\n  - stage 'totals' (state) is not in the application: its state is dropped; bring "
            "it back, or pass --allow-dropped-state to go on without it"
            "\n  - source 'orders' is not in the application: it is not read any further; bring it "
            "back, or pass --allow-dropped-state to go on without it"
            "\n  - sink 'out' is not in the application: output that it has prepared may never be "
            "committed; bring it back, or pass --allow-dropped-state to go on without it");
  const RestoreMapping mapping = mapped(plan, true);
  EXPECT_EQ(mapping.stages, (Indices{std::nullopt, 0}));
  EXPECT_EQ(mapping.notes.size(), 3u);
}

TEST(RestoreMapping, APartThatOlderEnginesDidNotHaveMayBeMissing) {
  PlanShape plan = same();
  plan.stages[0].parts.push_back({"younger", "i64", "i64"});
  plan.younger_parts = {"younger"};
  EXPECT_EQ(mapped(plan).parts, mapped(same()).parts);
  plan.younger_parts.clear();
  EXPECT_NE(refused(plan, true).find("keeps 'younger' now"), std::string::npos);
}

TEST(RestoreMapping, ASourceThatHasEndedMayBeGone) {
  PlanShape plan = same();
  plan.sources = {"orders"};
  EXPECT_EQ(mapped(plan).notes,
            (std::vector<std::string>{"source 'rates' is not in the application; it had ended"}));
}

TEST(RestoreMapping, ACheckpointWithFewerKeyGroupsFitsIfEachBecomesAsMany) {
  PlanShape plan = same();
  plan.key_groups = 1024;
  EXPECT_TRUE(mapped(plan).notes.empty());
  for (const std::uint32_t groups : {128, 384}) {
    plan.key_groups = groups;
    EXPECT_NE(refused(plan).find("it has 256 key groups, this build of the engine"),
              std::string::npos)
        << groups;
  }
}

TEST(RestoreMapping, WhatCannotFitIsNeverAllowedAndAllOfItIsTold) {
  PlanShape plan = same();
  plan.application = "store";
  plan.key_groups = 128;
  plan.stages[0].parts[1].name = "expiry";
  plan.stages[1].kind = "join";
  for (const bool allow_dropped_state : {false, true}) {
    EXPECT_EQ(
        refused(plan, allow_dropped_state),
        "checkpoint 12 does not fit this application:"
        "\n  - it is of the application 'shop', this one is 'store'; give this one another "
        "directory for its checkpoints"
        "\n  - it has 256 key groups, this build of the engine 128; use the build that made "
        "it (0.3.0)"
        "\n  - stage 'totals' had 'timers', which it no longer keeps; give the "
        "changed stage another name, and drop the old state with --allow-dropped-state"
        "\n  - stage 'totals' keeps 'expiry' now, which it did not before; give the changed stage "
        "another name, and drop the old state with --allow-dropped-state"
        "\n  - stage 'hours' was of kind 'window' and is now 'join'; give it another name, "
        "and drop the old state with --allow-dropped-state");
  }
}

}  // namespace
}  // namespace wallaroo::internal
