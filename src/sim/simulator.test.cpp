// Whole workers under random interleavings, losses and crashes. WALLAROO_SIMULATOR_SEEDS sets how
// many seeds are tried, WALLAROO_SIMULATOR_SEED replays one.
#include <optional>
#include <string>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "sim/seeds.rig.hpp"
#include "sim/simulation.hpp"

namespace wallaroo::internal::sim {
namespace {

/// Runs a simulation. Returns what was violated, if anything.
std::optional<std::string> violation(std::uint64_t seed, Mutation mutation, Happened& happened) {
  try {
    Simulation(seed, mutation, happened).run();
    return std::nullopt;
  } catch (const std::exception& error) {
    return error.what();
  }
}

void print(const Happened& all, const Seeds& seeds) {
  fmt::print(
      "{} seeds from {}: {} steps, {} runs, {} crashes, {} roll backs, {} failures, {} stops, {} "
      "checkpoints of which {} failed, in doubt {} committed and {} aborted, {} damaged\n",
      seeds.count, seeds.first, all.steps, all.runs, all.crashes, all.roll_backs, all.failures,
      all.stops, all.checkpoints, all.abandoned, all.in_doubt_committed, all.in_doubt_aborted,
      all.passed_over);
}

/// A simulation that never does what it is for finds nothing.
void expect_all_kinds(const Happened& all) {
  for (const std::size_t often :
       {all.crashes, all.roll_backs, all.failures, all.stops, all.checkpoints - all.abandoned,
        all.abandoned, all.in_doubt_committed, all.in_doubt_aborted, all.passed_over}) {
    EXPECT_GT(often, 10u);
  }
}

TEST(CheckpointSimulator, NothingIsLostOrRepeatedWhateverHappens) {
  const Seeds seeds = seeds_to_try("WALLAROO_SIMULATOR", 20'000);
  Happened happened;
  for (std::uint64_t seed = seeds.first; seed != seeds.first + seeds.count; ++seed) {
    const auto violated = violation(seed, Mutation::none, happened);
    ASSERT_EQ(violated, std::nullopt) << "replay with WALLAROO_SIMULATOR_SEED=" << seed;
  }
  print(happened, seeds);
  if (seeds.count >= 1000) {
    expect_all_kinds(happened);
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
