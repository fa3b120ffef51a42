#include "checkpoint/files/claimed_numbers.hpp"

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/failpoint.hpp"
#include "checkpoint/files/directory_files.hpp"
#include "checkpoint/files/void_file.hpp"
#include "checkpoint/protocol/recovery.hpp"
#include "checkpoint/store/store.rig.hpp"
#include "checkpoint/store/store_layout.hpp"

namespace wallaroo::internal {
namespace {

class ClaimedNumbersTest : public testing::Test {
 protected:
  StoreDirectory directory;
  DirectoryFiles files{directory.path(), {"manifests"}};

  std::string numbers() {
    std::string text;
    for (const StoredNumber& number : list_numbers(files)) {
      text += fmt::format("{}{} ", number.n, number.voided ? " void" : "");
    }
    return text;
  }
};

TEST_F(ClaimedNumbersTest, ALeaderClaimsPublishesAndGivesUp) {
  ClaimedNumbers leader(files, "first");
  EXPECT_EQ(leader.claim(), 1u);
  EXPECT_TRUE(leader.publish(2, "a"));
  EXPECT_TRUE(leader.give_up(3, "disk full"));
  EXPECT_TRUE(leader.publish(4, "b"));
  EXPECT_EQ(leader.next_number(), 5u);
  EXPECT_EQ(*void_text(*read_whole(files, manifest_name(1))), "a generation began (first)");
  EXPECT_EQ(*void_text(*read_whole(files, manifest_name(3))), "disk full (first)");
  EXPECT_EQ(numbers(), "1 void 2 3 void 4 ");
  leader.prune();
  EXPECT_EQ(numbers(), "2 3 void 4 ");
}

TEST_F(ClaimedNumbersTest, TheNextLeaderFencesTheOneBefore) {
  ClaimedNumbers before(files, "first");
  before.claim();
  before.publish(2, "a");
  ClaimedNumbers after(files, "second");
  EXPECT_EQ(after.claim(), 3u);
  EXPECT_FALSE(before.publish(3, "b"));
  EXPECT_TRUE(after.publish(4, "c"));
  EXPECT_EQ(numbers(), "1 void 2 3 void 4 ");
}

TEST_F(ClaimedNumbersTest, ALeaderThatSleptWhileItsNumberWasPrunedCommitsNothing) {
  ClaimedNumbers before(files, "first");
  before.claim();
  ClaimedNumbers after(files, "second");
  after.claim();
  for (std::uint64_t n = 3; n != 6; ++n) {
    after.publish(n, "c");
  }
  after.prune();
  ASSERT_EQ(numbers(), "4 5 ");
  EXPECT_FALSE(before.publish(2, "b"));
  EXPECT_EQ(numbers(), "2 4 5 ") << "a fenced leader deletes nothing";
}

TEST_F(ClaimedNumbersTest, ACreationThatReportsAFailureIsFoundAgain) {
  if constexpr (failpoints_enabled) {
    ClaimedNumbers leader(files, "first");
    leader.claim();
    const ScopedFailpoints broken({.rules = "store.manifest.rename.after=error:EIO"});
    EXPECT_TRUE(leader.publish(2, "a"));
    EXPECT_EQ(numbers(), "1 void 2 ");
  }
}

TEST_F(ClaimedNumbersTest, FilesThatAlwaysFailAreReported) {
  ClaimedNumbers leader(files, "first");
  leader.claim();
  std::filesystem::remove_all(directory.path());
  EXPECT_THROW(leader.publish(2, "a"), IoError);
}

/// Knows what leaders have committed, and from what each checkpoint came. Their threads share it.
class History {
 public:
  void add(const std::string& manifest, const std::string& parent) {
    const std::lock_guard lock(mutex_);
    parents_[manifest] = parent;
  }
  /// Returns false if the manifest is beside what was committed, rather than on one line with it.
  bool commit(const std::string& manifest) {
    const std::lock_guard lock(mutex_);
    ++commits_;
    if (comes_from(newest_, manifest)) {
      return true;  // another leader has restored it, and was faster
    }
    const bool fits = comes_from(manifest, newest_);
    newest_ = manifest;
    return fits;
  }
  void note_fenced() {
    const std::lock_guard lock(mutex_);
    ++fenced_;
  }
  std::size_t commits() const { return commits_; }
  std::size_t fenced() const { return fenced_; }

 private:
  bool comes_from(std::string later, const std::string& earlier) {
    while (!later.empty() && later != earlier) {
      later = parents_[later];
    }
    return later == earlier;
  }

  std::mutex mutex_;
  std::map<std::string, std::string> parents_;
  std::string newest_;  ///< that was committed
  std::size_t commits_ = 0;
  std::size_t fenced_ = 0;
};

/// Returns the content of the checkpoint to restore; empty: there is none.
std::string choose(CheckpointFiles& files, std::uint64_t fence) {
  std::vector<CheckpointCandidate> candidates;
  for (const StoredNumber& number : list_numbers(files)) {
    candidates.push_back({number.n, "", number.voided});
  }
  const auto choice = choose_checkpoint(below_fence(std::move(candidates), fence));
  const auto chosen = std::get<RecoveryChoice>(choice).number;
  return chosen ? files.read(manifest_name(*chosen), 0, 100) : "";
}

/// One generation: restores what is below its void, and publishes a few checkpoints.
void lead(CheckpointFiles& files, History& history, const std::string& identity,
          std::mt19937& random) {
  ClaimedNumbers numbers(files, identity);
  const auto fence = numbers.claim();
  if (!fence) {
    history.note_fenced();
    return;
  }
  std::string parent = choose(files, *fence);
  for (std::uint64_t n = *fence + 1; random() % 12 != 0; ++n) {
    if (random() % 6 == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(random() % 30));
    }
    const std::string manifest = fmt::format("{}-{}", identity, n);
    history.add(manifest, parent);
    if (!numbers.publish(n, manifest)) {
      history.note_fenced();
      return;
    }
    EXPECT_TRUE(history.commit(manifest)) << manifest << ", which comes from " << parent;
    parent = manifest;
    numbers.prune();
  }
}

TEST_F(ClaimedNumbersTest, AllThatRivalsCommitIsOnOneLine) {
  History history;
  std::vector<std::thread> rivals;
  for (unsigned rival = 0; rival != 3; ++rival) {
    rivals.emplace_back([&, rival] {
      std::mt19937 random(rival);
      for (int generation = 0; generation != 30; ++generation) {
        try {
          lead(files, history, fmt::format("{}/{}", rival, generation), random);
        } catch (const IoError&) {
          // A newer generation has pruned the file that this leader wanted to read.
        }
      }
    });
  }
  for (std::thread& rival : rivals) {
    rival.join();
  }
  EXPECT_GT(history.commits(), 20u);
  EXPECT_GT(history.fenced(), 5u);
}

}  // namespace
}  // namespace wallaroo::internal
