// Whole clusters under random interleavings, losses, pauses and crashes.
// WALLAROO_CLUSTER_SEEDS sets how many seeds are tried, WALLAROO_CLUSTER_SEED replays one.
#include <optional>
#include <string>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "sim/cluster/cluster_simulation.hpp"
#include "sim/seeds.rig.hpp"

namespace wallaroo::internal::sim {
namespace {

/// Runs a simulation. Returns what was violated, if anything.
std::optional<std::string> violation(std::uint64_t seed, ClusterMutation mutation,
                                     ClusterHappened& happened) {
  auto simulation = std::make_unique<ClusterSimulation>(seed, mutation, happened);
  try {
    simulation->run();
    return std::nullopt;
  } catch (const std::exception& error) {
    return std::string(error.what()) + "\n" + simulation->text();
  }
}

void print(const ClusterHappened& all, const Seeds& seeds) {
  fmt::print(
      "{} seeds from {}: {} events, {} crashes and {} of machines, {} pauses, {} isolated, {} "
      "connections cut and {} half-open, etcd: {} restarts, {} wipes, {} compactions, {} lost "
      "answers, {} leases "
      "expired; store: {} answers lost, {} writes late, {} pruned; {} generations, {} fenced of "
      "which {} had published, {} stale links, {} published, {} abandoned, in doubt {} committed "
      "and {} aborted\n",
      seeds.count, seeds.first, all.events, all.crashes, all.silent_crashes, all.pauses,
      all.isolated, all.cuts, all.half_open, all.etcd_restarts, all.etcd_wipes, all.compactions,
      all.lost_answers, all.expired, all.lost_creates, all.late_creates, all.pruned,
      all.generations, all.fenced, all.strays, all.stale, all.published, all.abandoned,
      all.in_doubt_committed, all.in_doubt_aborted);
}

/// A simulation that never does what it is for finds nothing.
void expect_all_kinds(const ClusterHappened& all) {
  for (const std::size_t often : {all.crashes,
                                  all.silent_crashes,
                                  all.pauses,
                                  all.cuts,
                                  all.half_open,
                                  all.etcd_restarts,
                                  all.etcd_wipes,
                                  all.compactions,
                                  all.lost_answers,
                                  all.lost_creates,
                                  all.late_creates,
                                  all.expired,
                                  all.generations,
                                  all.fenced,
                                  all.strays,
                                  all.stale,
                                  all.published,
                                  all.abandoned,
                                  all.in_doubt_committed,
                                  all.in_doubt_aborted,
                                  all.pruned}) {
    EXPECT_GT(often, 5u);
  }
}

TEST(ClusterSimulator, NothingIsLostOrRepeatedWhateverHappens) {
  const Seeds seeds = seeds_to_try("WALLAROO_CLUSTER", 20'000);
  ClusterHappened happened;
  for (std::uint64_t seed = seeds.first; seed != seeds.first + seeds.count; ++seed) {
    const auto violated = violation(seed, ClusterMutation::none, happened);
    ASSERT_EQ(violated, std::nullopt) << "replay with WALLAROO_CLUSTER_SEED=" << seed;
  }
  print(happened, seeds);
  if (seeds.count >= 1000) {
    expect_all_kinds(happened);
  }
}

TEST(ClusterSimulator, OneSeedIsEverything) {
  for (std::uint64_t seed = 1; seed != 50; ++seed) {
    ClusterHappened happened;
    ClusterSimulation first(seed, ClusterMutation::none, happened);
    ClusterSimulation second(seed, ClusterMutation::none, happened);
    ASSERT_EQ(first.run(), second.run()) << seed;
  }
}

class BrokenCluster : public testing::TestWithParam<std::pair<ClusterMutation, const char*>> {};

TEST_P(BrokenCluster, IsFound) {
  ClusterHappened happened;
  for (std::uint64_t seed = 1; seed != 5000; ++seed) {
    if (const auto found = violation(seed, GetParam().first, happened)) {
      fmt::print("seed {}: {}\n", seed, found->substr(0, found->find('\n')));
      return;
    }
  }
  FAIL() << "the simulator does not see that a cluster is broken: " << GetParam().second;
}

INSTANTIATE_TEST_SUITE_P(Mutations, BrokenCluster, testing::ValuesIn(cluster_mutations),
                         [](const auto& mutation) { return mutation.param.second; });

}  // namespace
}  // namespace wallaroo::internal::sim
