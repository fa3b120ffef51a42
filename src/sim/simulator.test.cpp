// Whole workers under random interleavings, losses and crashes. WALLAROO_SIMULATOR_SEEDS sets how
// many seeds are tried, WALLAROO_SIMULATOR_SEED replays one.
#include <cstdlib>
#include <optional>
#include <string>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "sim/simulation.hpp"

namespace wallaroo::internal::sim {
namespace {

std::optional<std::uint64_t> number_from(const char* variable) {
  const char* text = std::getenv(variable);
  return text == nullptr ? std::nullopt : std::optional<std::uint64_t>(std::stoull(text));
}

/// Runs a simulation. Returns what was violated, if anything.
std::optional<std::string> violation(std::uint64_t seed, Mutation mutation, Happened& happened) {
  try {
    Simulation(seed, mutation, happened).run();
    return std::nullopt;
  } catch (const std::exception& error) {
    return error.what();
  }
}

void print(const Happened& all, std::uint64_t first, std::uint64_t seeds) {
  fmt::print(
      "{} seeds from {}: {} steps, {} runs, {} crashes, {} roll backs, {} failures, {} stops, {} "
      "checkpoints of which {} failed, in doubt {} committed and {} aborted, {} damaged\n",
      seeds, first, all.steps, all.runs, all.crashes, all.roll_backs, all.failures, all.stops,
      all.checkpoints, all.abandoned, all.in_doubt_committed, all.in_doubt_aborted,
      all.passed_over);
}

TEST(CheckpointSimulator, NothingIsLostOrRepeatedWhateverHappens) {
  const auto given = number_from("WALLAROO_SIMULATOR_SEED");
  const std::uint64_t first = given.value_or(1);
  const std::uint64_t seeds = number_from("WALLAROO_SIMULATOR_SEEDS").value_or(given ? 1 : 20'000);
  Happened happened;
  for (std::uint64_t seed = first; seed != first + seeds; ++seed) {
    const auto violated = violation(seed, Mutation::none, happened);
    ASSERT_EQ(violated, std::nullopt) << "replay with WALLAROO_SIMULATOR_SEED=" << seed;
  }
  print(happened, first, seeds);
}

TEST(CheckpointSimulator, TriesWhatItIsFor) {
  Happened happened;
  for (std::uint64_t seed = 1; seed != 2000; ++seed) {
    ASSERT_EQ(violation(seed, Mutation::none, happened), std::nullopt) << seed;
  }
  for (const std::size_t often :
       {happened.crashes, happened.roll_backs, happened.failures, happened.stops,
        happened.checkpoints - happened.abandoned, happened.abandoned, happened.in_doubt_committed,
        happened.in_doubt_aborted, happened.passed_over}) {
    EXPECT_GT(often, 10u);
  }
}

class BrokenWorker : public testing::TestWithParam<std::pair<Mutation, const char*>> {};

TEST_P(BrokenWorker, IsFound) {
  Happened happened;
  for (std::uint64_t seed = 1; seed != 5000; ++seed) {
    if (violation(seed, GetParam().first, happened)) {
      return;
    }
  }
  FAIL() << "the simulator does not see that a worker is broken: " << GetParam().second;
}

INSTANTIATE_TEST_SUITE_P(Mutations, BrokenWorker, testing::ValuesIn(mutations),
                         [](const auto& mutation) { return mutation.param.second; });

}  // namespace
}  // namespace wallaroo::internal::sim
