#include "source/connector/stream_registry.hpp"

#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include <wallaroo/types/error.hpp>

namespace wallaroo::internal {
namespace {

constexpr std::uint64_t nothing = StreamRegistry::nothing;

std::vector<SourcePosition> saved(StreamRegistry& registry, std::size_t executor,
                                  std::uint64_t number, std::vector<StreamProgress> open = {}) {
  return registry.save(executor, number, open);
}

bool may_claim(StreamRegistry& registry, std::size_t executor, std::uint64_t stream) {
  const StreamRegistry::Claim claim = registry.claim(executor, stream, "s");
  if (claim.granted) {
    registry.release({stream, claim.last});
  }
  return claim.granted;
}

TEST(StreamRegistry, AStreamHasOneReaderAndTheNextGoesOnWhereItStopped) {
  StreamRegistry registry(2, false);
  EXPECT_EQ(registry.claim(0, 7, "s").last, nothing);
  EXPECT_FALSE(registry.claim(0, 7, "s").granted);
  EXPECT_FALSE(registry.claim(1, 7, "s").granted);
  EXPECT_TRUE(registry.claim(1, 8, "other").granted);
  registry.release({7, 12});
  const StreamRegistry::Claim again = registry.claim(1, 7, "s");
  EXPECT_TRUE(again.granted);
  EXPECT_EQ(again.last, 12U);
}

TEST(StreamRegistry, WithCheckpointsAStreamMovesOnlyOnceAllOfItIsInACompleteOne) {
  StreamRegistry registry(2, true);
  ASSERT_TRUE(registry.claim(0, 7, "s").granted);
  saved(registry, 0, 1, {{7, 3}});
  saved(registry, 1, 1);
  registry.release({7, 5});
  registry.completed(1);
  EXPECT_FALSE(may_claim(registry, 1, 7)) << "4 and 5 are not in checkpoint 1";
  EXPECT_TRUE(may_claim(registry, 0, 7)) << "the same executor needs no checkpoint";
  saved(registry, 0, 2);
  saved(registry, 1, 2);
  EXPECT_FALSE(may_claim(registry, 1, 7)) << "checkpoint 2 is not complete";
  registry.completed(2);
  EXPECT_EQ(registry.claim(1, 7, "s").last, 5U);
}

TEST(StreamRegistry, AStreamThatWasReportedIsNotOpenedBeforeTheBarrierOfTheOneWhoOpensIt) {
  StreamRegistry registry(2, true);
  registry.restore({{"7", std::string(7, '\0') + "\x05s"}});
  EXPECT_EQ(saved(registry, 0, 2).size(), 1U);
  EXPECT_FALSE(may_claim(registry, 1, 7));
  EXPECT_EQ(saved(registry, 1, 2).size(), 0U);
  EXPECT_TRUE(may_claim(registry, 1, 7));
}

TEST(StreamRegistry, PositionsOfReleasedAndNeverOpenedStreamsStayInEveryCheckpoint) {
  StreamRegistry first(1, true);
  ASSERT_TRUE(first.claim(0, 7, "seven").granted);
  ASSERT_TRUE(first.claim(0, UINT64_MAX, "greatest").granted);
  ASSERT_TRUE(first.claim(0, 9, "nothing came").granted);
  first.release({7, 1});
  first.release({9, nothing});
  const auto positions = saved(first, 0, 1, {{UINT64_MAX, 0x0102}});
  ASSERT_EQ(positions.size(), 2U);

  StreamRegistry second(3, true);
  second.restore(positions);
  const auto again = saved(second, 1, 2);
  const auto by_partition = [](std::vector<SourcePosition> all) {
    std::map<std::string, std::string> sorted;
    for (const SourcePosition& each : all) {
      sorted[each.partition] = each.bytes;
    }
    return sorted;
  };
  EXPECT_EQ(by_partition(again), by_partition(positions));
  EXPECT_EQ(by_partition(again).at("18446744073709551615"),
            std::string("\0\0\0\0\0\0\1\2greatest", 16));
  saved(second, 0, 2);
  saved(second, 2, 2);
  EXPECT_EQ(second.claim(2, 7, "seven").last, 1U);
  EXPECT_EQ(second.claim(0, UINT64_MAX, "greatest").last, 0x0102U);
}

TEST(StreamRegistry, StreamsThatWereCutOffAreAwaitedAndThoseThatEndedAreNot) {
  StreamRegistry first(1, true);
  for (const std::uint64_t stream : {1, 2, 3, 4}) {
    EXPECT_FALSE(first.claim(0, stream, "s").awaited);
  }
  first.release({1, 5, false});
  first.release({2, 5, true});
  first.release({3, nothing, false});
  EXPECT_EQ(first.awaited(), std::vector<std::uint64_t>{1});
  const auto positions = saved(first, 0, 1, {{4, 7, true}});

  StreamRegistry second(2, true);
  second.restore(positions);
  EXPECT_EQ(second.awaited(), std::vector<std::uint64_t>{1});
  EXPECT_TRUE(second.is_awaited(1));
  EXPECT_FALSE(second.is_awaited(2));
  EXPECT_FALSE(second.is_awaited(3));
  EXPECT_FALSE(second.claim(0, 2, "s").awaited);
  EXPECT_TRUE(second.claim(1, 1, "s").awaited);
  EXPECT_FALSE(second.is_awaited(1));
  EXPECT_EQ(second.claim(0, 4, "s").last, 7U);
}

TEST(StreamRegistry, PositionsOfSomethingElseAreRefused) {
  for (const SourcePosition& position :
       {SourcePosition{"x", std::string(8, '\0')}, SourcePosition{"1x", std::string(8, '\0')},
        SourcePosition{"", std::string(8, '\0')}, SourcePosition{"1", std::string(7, '\0')},
        SourcePosition{"1 ende", std::string(8, '\0')},
        SourcePosition{"18446744073709551616", std::string(8, '\0')}}) {
    StreamRegistry registry(1, true);
    EXPECT_THROW(registry.restore({position}), ConfigError) << position.partition;
  }
}

/// Executors that claim, read and release streams at random, with checkpoints on their way, some of
/// which fail. Message ids count from 0 without gaps, so a position is the number of messages.
class Simulation {
 public:
  explicit Simulation(std::uint64_t seed)
      : random_(seed), executors_(1 + seed % 4), registry_(executors_, true), open_(executors_) {}

  void run() {
    for (int i = 0; i < 400; ++i) {
      turn();
    }
  }
  int moves = 0;
  int checkpoints = 0;

 private:
  struct Read {
    std::uint64_t id;
    std::size_t executor;
    std::uint64_t barrier;  ///< the first checkpoint that contains the message
  };

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

  void turn() {
    const std::size_t executor = below(executors_);
    switch (below(7)) {
      case 0:
      case 1:
        claim(executor);
        break;
      case 2:
        release(executor);
        break;
      case 3:
        barrier(executor);
        break;
      case 4:
        next_checkpoint();
        break;
      default:
        read(executor);
    }
  }

  void claim(std::size_t executor) {
    const std::uint64_t stream = below(5);
    const auto claim = registry_.claim(executor, stream, "s");
    if (!claim.granted) {
      return;
    }
    const auto& reads = reads_[stream];
    ASSERT_EQ(claim.last, reads.empty() ? nothing : reads.back().id);
    moves += !reads.empty() && reads.back().executor != executor;
    open_[executor][stream] = claim.last;
  }
  void release(std::size_t executor) {
    if (!open_[executor].empty()) {
      const auto first = open_[executor].begin();
      registry_.release({first->first, first->second});
      open_[executor].erase(first);
    }
  }
  void read(std::size_t executor) {
    for (auto& [stream, last] : open_[executor]) {
      if (below(2) == 0) {
        ++last;  // from `nothing` to 0
        reads_[stream].push_back({last, executor, barriers_[executor] + 1});
      }
    }
  }
  void barrier(std::size_t executor) {
    if (barriers_[executor] >= number_) {
      return;
    }
    std::vector<StreamProgress> places;
    for (const auto& [stream, last] : open_[executor]) {
      if (last != nothing) {
        places.push_back({stream, last});
      }
    }
    for (const SourcePosition& each : registry_.save(executor, number_, places)) {
      ASSERT_TRUE(reported_.emplace(std::stoull(each.partition), each.bytes).second)
          << "stream " << each.partition << " is reported twice";
    }
    // Earlier checkpoints that have failed are skipped; their messages are in this one.
    barriers_[executor] = number_;
    if (++arrived_ == executors_) {
      check_positions();
    }
  }
  void next_checkpoint() {
    if (arrived_ == executors_ && below(4) != 0) {
      for (std::size_t i = 0; i < executors_; ++i) {
        registry_.completed(number_);
      }
      ++checkpoints;
    } else if (below(4) != 0) {
      return;
    }
    ++number_;
    arrived_ = 0;
    reported_.clear();
  }
  /// Checks that the messages before the executors' barriers are exactly those up to the position.
  void check_positions() {
    for (const auto& [stream, reads] : reads_) {
      std::uint64_t last = nothing;
      std::uint64_t before = 0;
      for (const Read& read : reads) {
        if (read.barrier <= number_) {
          ++before;
          last = read.id;
        }
      }
      ASSERT_EQ(reported_.count(stream), before == 0 ? 0U : 1U) << "stream " << stream;
      if (before != 0) {
        ASSERT_EQ(last + 1, before) << "messages on both sides of the barriers";
        std::uint64_t position = 0;
        for (const char byte : reported_.at(stream).substr(0, 8)) {
          position = position << 8 | static_cast<std::uint8_t>(byte);
        }
        ASSERT_EQ(position, last);
      }
    }
  }

  std::mt19937_64 random_;
  std::size_t executors_;
  StreamRegistry registry_;
  std::vector<std::map<std::uint64_t, std::uint64_t>> open_;
  std::map<std::uint64_t, std::vector<Read>> reads_;
  std::map<std::size_t, std::uint64_t> barriers_;
  std::map<std::uint64_t, std::string> reported_;
  std::uint64_t number_ = 1;
  std::size_t arrived_ = 0;
};

TEST(StreamRegistry, EveryCheckpointHasEachMessageOnceHoweverStreamsMove) {
  int moves = 0;
  int checkpoints = 0;
  for (std::uint64_t seed = 0; seed < 2000 && !testing::Test::HasFatalFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Simulation simulation(seed);
    simulation.run();
    moves += simulation.moves;
    checkpoints += simulation.checkpoints;
  }
  EXPECT_GT(moves, 1000);
  EXPECT_GT(checkpoints, 10'000);
}

}  // namespace
}  // namespace wallaroo::internal
