// The process is killed, or the disk refuses, at every durable step: the checkpoint that was
// published last is there, and the directory can still be used.
#include <csignal>

#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/failpoint.hpp"
#include "checkpoint/store/store.rig.hpp"

namespace wallaroo::internal {
namespace {

using Access = CheckpointStore::Access;

std::string text_of(std::uint64_t number) { return fmt::format("checkpoint {}", number); }

class StoreCrash : public testing::Test {
 protected:
  void SetUp() override {
    if (!failpoints_enabled) {
      GTEST_SKIP() << "configure with -DWALLAROO_FAILPOINTS=ON";
    }
  }
  std::filesystem::path acknowledged_file() const {
    return directory_.path().parent_path() / "ack";
  }
  std::uint64_t acknowledged() const {
    const std::string text = content_of(acknowledged_file());
    return text.empty() ? 0 : std::stoull(text);
  }
  /// Two checkpoints and one that is abandoned, each of which leaves something to prune.
  void work() const {
    CheckpointStore store(directory_.path(), Access::write);
    for (int i = 0; i < 2; ++i) {
      const std::uint64_t number = store.next_number();
      write_rig_checkpoint(store, text_of(number));
      overwrite(acknowledged_file(), std::to_string(number));
      store.prune(1);
      store.begin(store.next_number()).append(rig_block(0, 0, 0, "to be abandoned"));
    }
  }
  /// Runs `work` in a process of its own. Returns whether it was killed.
  bool killed(const std::string& rules) const {
    const pid_t child = ::fork();
    if (child == 0) {
      const ScopedFailpoints failpoints({.rules = rules});
      work();
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : status == 0) << rules;
    return WIFSIGNALED(status);
  }
  /// `in_doubt`: publishing may have been interrupted after its rename.
  void expect_sound(const std::string& where, bool in_doubt) const {
    {
      CheckpointStore store(directory_.path(), Access::write);
      const auto latest = store.latest();
      const std::uint64_t number = latest ? latest->number : 0;
      EXPECT_TRUE(number == acknowledged() || (in_doubt && number > acknowledged()))
          << where << ": " << number << " of " << acknowledged();
      if (latest) {
        EXPECT_EQ(latest->sinks, rig_manifest(text_of(number)).sinks) << where;
        EXPECT_EQ(restore_all(store, *latest).at({"count", "state", 3}),
                  text_of(number) + " of group 3")
            << where;
      }
    }
    work();
    EXPECT_EQ(files_below(directory_.path()).size(), 2U) << where;
  }

  StoreDirectory directory_;
};

TEST_F(StoreCrash, KilledAtAnyStepTheLastPublishedCheckpointIsThere) {
  for (const std::string_view name : failpoint_names()) {
    if (!name.starts_with("store.")) {
      continue;
    }
    int hit = 1;
    while (killed(fmt::format("{}=kill@{}", name, hit))) {
      const bool in_doubt = name == "store.manifest.rename.after" ||
                            name.starts_with("store.manifest.directory.fsync");
      expect_sound(fmt::format("{}@{}", name, hit), in_doubt);
      ++hit;
    }
    EXPECT_GT(hit, 2) << name << " is not hit by each of two checkpoints";
  }
}

TEST_F(StoreCrash, ADiskThatRefusesAnyStepIsReportedAndDoesNoHarm) {
  for (const std::string_view name : failpoint_names()) {
    if (!name.starts_with("store.")) {
      continue;
    }
    // Twelve hits reach the steps of both checkpoints.
    for (int hit = 1; hit <= 12; ++hit) {
      const std::string rules = fmt::format("{}=error:ENOSPC@{}", name, hit);
      std::string error;
      {
        const ScopedFailpoints failpoints({.rules = rules});
        error = store_error([&] { work(); });
      }
      const bool reported = error.find("free some space") != std::string::npos &&
                            error.find(directory_.path().string()) != std::string::npos;
      EXPECT_TRUE(error == "no error" || reported) << rules << ": " << error;
      // A file that cannot be removed is only logged, and removed later.
      EXPECT_TRUE(reported || hit > 1 || name.starts_with("store.abandon")) << rules;
      expect_sound(rules, true);
    }
  }
}

// A checkpoint may only be acknowledged because its steps come in this order: data, name of the
// data file, manifest, rename, name of the manifest.
TEST_F(StoreCrash, TheStepsOfACheckpointComeInTheOrderInWhichTheyRestOnEachOther) {
  const std::string log = (directory_.path().parent_path() / "log").string();
  const auto steps = [&](std::string_view mutation) {
    std::filesystem::remove(log);
    CheckpointStore store(directory_.path(), Access::write);
    const ScopedFailpoints failpoints({.mutation = mutation, .log = log});
    CheckpointWriter writer = store.begin(store.next_number());
    writer.append(rig_block(0, 0, 0, "state"));
    writer.durable();
    writer.publish(rig_manifest());
    return content_of(log);
  };
  std::string expected;
  std::map<std::string, int> counts;
  for (const std::string step :
       {"store.data.create", "store.data.write", "store.data.write", "store.data.fsync",
        "store.data.directory.fsync", "store.manifest.create", "store.manifest.write",
        "store.manifest.fsync", "store.manifest.rename", "store.manifest.directory.fsync"}) {
    ++counts[step];
    expected += fmt::format("{0}.before {1}\n{0}.after {1}\n", step, counts[step]);
  }
  EXPECT_EQ(steps(""), expected);
  EXPECT_EQ(steps("skip_data_fsync_barrier").find("store.data.fsync"), std::string::npos);
}

TEST_F(StoreCrash, TheDeliberateBugsOfTheStoreShow) {
  CheckpointStore store(directory_.path(), Access::write);
  const RestoredState right = restore_all(store, write_rig_checkpoint(store, "text"));
  {
    const ScopedFailpoints failpoints({.mutation = "restore_wrong_block"});
    EXPECT_NE(restore_all(store, *store.latest()), right);
  }
  {
    const ScopedFailpoints failpoints({.mutation = "forget_key_group"});
    EXPECT_EQ(restore_all(store, write_rig_checkpoint(store, "text")).size(), right.size() - 1);
  }
  const ScopedFailpoints failpoints({.mutation = "prune_referenced_data"});
  store.prune(1);
  EXPECT_THROW(store.latest(), IoError);
}

}  // namespace
}  // namespace wallaroo::internal
