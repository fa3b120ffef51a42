#include "checkpoint/store/store.hpp"

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "checkpoint/store/store.rig.hpp"

namespace wallaroo::internal {
namespace {

using Access = CheckpointStore::Access;

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

class StoreTest : public testing::Test {
 protected:
  CheckpointStore open(Access access = Access::write) {
    return CheckpointStore(directory_.path(), access,
                           Log(LogLevel::debug, [this](LogLevel, std::string_view line) {
                             log_ += fmt::format("{}\n", line);
                           }));
  }
  std::string error_of_open(Access access = Access::write) {
    return store_error([&] { open(access); });
  }
  std::set<std::string> names(const char* folder) const {
    std::set<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path() / folder)) {
      found.insert(entry.path().filename().string());
    }
    return found;
  }

  StoreDirectory directory_;
  std::string log_;
};

TEST_F(StoreTest, AnEmptyDirectoryHasNoCheckpointAndBeginsWithOne) {
  CheckpointStore store = open();
  EXPECT_FALSE(store.latest().has_value());
  EXPECT_EQ(store.next_number(), 1U);
  EXPECT_TRUE(store.list().empty());
  EXPECT_PRED2(contains, store_error([&] { store.load(3); }), "there is no checkpoint 3 in '");
}

TEST_F(StoreTest, WhatWasPublishedIsReadBackByAnotherProcessesStore) {
  Manifest published;
  {
    CheckpointStore store = open();
    write_rig_checkpoint(store, "first");
    published = write_rig_checkpoint(store, "second");
  }
  const CheckpointStore store = open(Access::read);
  EXPECT_EQ(store.latest(), published);
  EXPECT_EQ(published.number, 2U);
  EXPECT_EQ(published.sinks[0].prepared, "second");
  const RestoredState state = restore_all(store, published);
  EXPECT_EQ(state.size(), rig_groups + 1);
  EXPECT_EQ(state.at({"count", "state", 3}), "second of group 3");
  EXPECT_EQ(state.at({"totals", "timers", 2}), "second of timers");
  EXPECT_EQ(restore_all(store, store.load(1)).at({"count", "state", 0}), "first of group 0");
}

TEST_F(StoreTest, LargeBlocksAreCompressedAndReadByManyThreadsAtOnce) {
  CheckpointStore store = open();
  CheckpointWriter writer = store.begin(1);
  for (std::uint16_t group = 0; group < rig_groups; ++group) {
    writer.append(rig_block(0, 0, group, std::string(1 << 20, static_cast<char>('a' + group))));
  }
  EXPECT_LT(writer.written_bytes(), 100'000U);
  writer.durable();
  const Manifest manifest = writer.publish(rig_manifest());
  EXPECT_EQ(writer.written_bytes(), std::filesystem::file_size(store.layout().data_file(1)));
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      const CheckpointReader reader = store.reader(manifest);
      for (std::size_t i = 0; i < manifest.blocks.size(); ++i) {
        right += reader.block(i) == std::string(1 << 20, static_cast<char>('a' + i));
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(right, 4 * static_cast<int>(rig_groups));
}

TEST_F(StoreTest, AbandonedOrForgottenCheckpointsLeaveNothingButTheirNumber) {
  CheckpointStore store = open();
  {
    CheckpointWriter writer = store.begin(5);
    writer.append(rig_block(0, 0, 0, "state"));
    writer.abandon();
    CheckpointWriter forgotten = store.begin(6);
    forgotten.append(rig_block(0, 0, 0, "state"));
    EXPECT_EQ(names("data").size(), 1U);
  }
  EXPECT_TRUE(names("data").empty());
  EXPECT_EQ(store.next_number(), 7U);
  EXPECT_FALSE(store.latest().has_value());
}

TEST_F(StoreTest, MistakesOfTheCallerAreNotWritten) {
  CheckpointStore store = open();
  const Manifest first = write_rig_checkpoint(store, "first");
  EXPECT_THROW(store.begin(1), std::logic_error);
  {
    CheckpointWriter writer = store.begin(2);
    EXPECT_THROW(writer.publish(rig_manifest()), std::logic_error);  // not durable
    writer.append(rig_block(0, 0, 1, "new"));
    writer.carry_over(first, [](auto, auto, auto) { return true; });
    writer.durable();
    EXPECT_THROW(writer.publish(rig_manifest()), std::logic_error);  // group 1 is there twice
  }
  {
    CheckpointWriter writer = store.begin(3);
    writer.carry_over(first, [](auto, auto, auto) { return true; });
    writer.durable();
    Manifest other_type = rig_manifest();
    other_type.stages[0].parts[0].value_schema = "string";
    EXPECT_THROW(writer.publish(other_type), std::logic_error);
  }
  {
    CheckpointWriter writer = store.begin(4);
    writer.append(rig_block(7, 0, 1, "of a stage that is not there"));
    writer.durable();
    EXPECT_THROW(writer.publish(rig_manifest()), std::logic_error);
  }
  CheckpointStore tool(directory_.path(), Access::read);
  EXPECT_THROW(tool.begin(9), std::logic_error);
  EXPECT_EQ(store.latest(), first);
}

TEST_F(StoreTest, ANumberThatAProcessOfAnotherMachineHasTakenIsSaid) {
  CheckpointStore store = open();
  const DataFileId own{store.next_number(), 0, 0};
  std::ofstream(directory_.path() / data_name(own)) << "of the other one";
  EXPECT_TRUE(contains(store_error([&] { store.begin_state(own); }),
                       "another process writes to this directory"));
}

TEST_F(StoreTest, ALockThatWorkersShareNamesNoProcess) {
  { const CheckpointStore alone = open(); }
  const CheckpointStore shared(directory_.path(), Access::share);
  EXPECT_EQ(std::filesystem::file_size(directory_.path() / "LOCK"), 0U);
}

TEST_F(StoreTest, StateOfAStageThatIsGoneIsNotCarriedOver) {
  CheckpointStore store = open();
  const Manifest first = write_rig_checkpoint(store, "first");
  CheckpointWriter writer = store.begin(2);
  writer.carry_over(first, [](auto, auto, auto) { return true; });
  writer.durable();
  Manifest changed = rig_manifest();
  changed.stages.erase(changed.stages.begin());
  changed.instances.clear();
  changed = writer.publish(changed);
  EXPECT_EQ(changed.blocks.size(), 1U);
  EXPECT_EQ(restore_all(store, *store.latest()),
            (RestoredState{{{"totals", "timers", 2}, "first of timers"}}));
}

TEST_F(StoreTest, ASecondProcessIsRefusedWithTheNumberOfTheFirst) {
  int ready[2];
  int leave[2];
  ASSERT_EQ(::pipe(ready), 0);
  ASSERT_EQ(::pipe(leave), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    CheckpointStore store = open();
    write_rig_checkpoint(store, "of the child");
    char byte = 'r';
    (void)!::write(ready[1], &byte, 1);
    (void)!::read(leave[0], &byte, 1);
    ::_exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  const std::string error = error_of_open();
  EXPECT_PRED2(contains, error, fmt::format("in use by another process (process {})", child));
  EXPECT_PRED2(contains, error, "stop that one, or give this one a directory of its own");
  EXPECT_EQ(open(Access::read).latest()->number, 1U);
  ::kill(child, SIGKILL);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  for (const int fd : {ready[0], ready[1], leave[0], leave[1]}) {
    ::close(fd);
  }
  EXPECT_EQ(open().latest()->number, 1U);
}

TEST_F(StoreTest, MakesItsDirectoryWithThoseAboveItAndTakesASlashAtTheEnd) {
  for (const char* name : {"a/b", "c/d/", "e//"}) {
    const auto path = directory_.path() / name;
    write_rig_checkpoint(*std::make_unique<CheckpointStore>(path, Access::write), "first");
    EXPECT_EQ(CheckpointStore(path, Access::read).latest()->number, 1U) << name;
  }
}

TEST_F(StoreTest, DirectoriesThatAreNoneAreRefused) {
  EXPECT_PRED2(contains, error_of_open(Access::read), "is not a checkpoint directory");
  overwrite(directory_.path(), "a file");
  EXPECT_PRED2(contains, error_of_open(), "move it away");
  EXPECT_PRED2(contains, error_of_open(Access::read), "is not a checkpoint directory");
}

TEST_F(StoreTest, ADirectoryOfANewerFormatIsRefused) {
  std::filesystem::path manifest;
  std::string bytes;
  {
    CheckpointStore store = open();
    write_rig_checkpoint(store, "first");
    manifest = store.layout().manifest(1);
    bytes = encode_manifest(*store.latest(), checkpoint_format + 1);
  }
  overwrite(manifest, bytes);
  for (const Access access : {Access::write, Access::read}) {
    const std::string error = error_of_open(access);
    EXPECT_PRED2(contains, error, "000000000001.manifest' is of format 3");
    EXPECT_PRED2(contains, error,
                 "reads checkpoints up to format 2; use the version that wrote it");
  }
}

TEST_F(StoreTest, DamagedCheckpointsArePassedOverUnlessAllAre) {
  CheckpointStore store = open();
  write_rig_checkpoint(store, "first");
  write_rig_checkpoint(store, "second");
  const std::string data = content_of(store.layout().data_file(2));
  overwrite(store.layout().data_file(2), data.substr(0, data.size() - 1));
  EXPECT_EQ(store.latest()->number, 1U);
  EXPECT_PRED2(contains, log_,
               fmt::format("it has {} bytes, but must have at least", data.size() - 1));
  std::filesystem::remove(store.layout().data_file(2));
  EXPECT_EQ(store.latest()->number, 1U);
  EXPECT_PRED2(contains, log_, "checkpoint 2 is passed over: ");
  EXPECT_PRED2(contains, log_, "000000000002.data' is missing");
  const auto list = store.list();
  ASSERT_EQ(list.size(), 2U);
  EXPECT_PRED2(contains, list[0].damage, "is missing");
  EXPECT_EQ(list[1].damage, "");
  overwrite(store.layout().manifest(1), "");
  EXPECT_PRED2(contains, store_error([&] { store.latest(); }), "damaged");
}

TEST_F(StoreTest, PruneKeepsWhatIsRetainedAndWhatItRefersTo) {
  CheckpointStore store = open();
  const Manifest first = write_rig_checkpoint(store, "first");
  write_rig_checkpoint(store, "second");
  for (int i = 0; i < 2; ++i) {  // 3 and 4 save one group and refer to 1 for all else
    CheckpointWriter writer = store.begin(store.next_number());
    writer.append(rig_block(0, 0, 0, "new"));
    writer.carry_over(first,
                      [](auto stage, auto, auto group) { return stage != "count" || group != 0; });
    writer.durable();
    writer.publish(rig_manifest());
  }
  CheckpointWriter unfinished = store.begin(store.next_number());
  unfinished.append(rig_block(0, 0, 0, "being written"));
  const PruneResult result = store.prune(2);
  EXPECT_EQ(result.checkpoints, 2U);
  EXPECT_EQ(result.data_files, 1U);
  EXPECT_GT(result.bytes, 100U);
  EXPECT_EQ(names("manifests"),
            (std::set<std::string>{"000000000003.manifest", "000000000004.manifest"}));
  EXPECT_EQ(names("data"), (std::set<std::string>{"000000000001.data", "000000000003.data",
                                                  "000000000004.data", "000000000005.data"}));
  EXPECT_EQ(restore_all(store, store.load(3)).at({"count", "state", 1}), "first of group 1");
  store.prune(1);
  EXPECT_EQ(store.list().size(), 1U);
  EXPECT_THROW(store.prune(0), std::logic_error);
}

TEST_F(StoreTest, PruneRemovesNoDataWhileADamagedCheckpointMayNeedIt) {
  CheckpointStore store = open();
  write_rig_checkpoint(store, "first");
  write_rig_checkpoint(store, "second");
  write_rig_checkpoint(store, "third");
  overwrite(store.layout().manifest(2), "rotten");
  store.prune(2);
  EXPECT_EQ(names("data").size(), 3U);
  EXPECT_EQ(names("manifests").size(), 3U);
  EXPECT_PRED2(contains, log_, "no data files are removed");
  store.prune(1);  // the damaged one is old by now
  EXPECT_EQ(names("data").size(), 1U);
  EXPECT_EQ(names("manifests").size(), 1U);
  EXPECT_EQ(store.latest()->number, 3U);
}

TEST_F(StoreTest, PruneReadsAManifestOnceAndAgainWhenItsFileIsAnother) {
  CheckpointStore store = open();
  write_rig_checkpoint(store, "first");
  const auto path = store.layout().manifest(1);
  store.prune(2);
  const std::string content = content_of(path);
  const auto changed = std::filesystem::last_write_time(path);
  overwrite(path, std::string(content.size(), 'x'));
  std::filesystem::last_write_time(path, changed);
  write_rig_checkpoint(store, "second");
  write_rig_checkpoint(store, "third");
  store.prune(3);
  EXPECT_EQ(log_, "");
  std::filesystem::last_write_time(path, changed + std::chrono::seconds(1));
  store.prune(3);
  EXPECT_PRED2(contains, log_, "no data files are removed");
  overwrite(path, content);
  log_.clear();
  store.prune(3);
  EXPECT_EQ(log_, "");
  overwrite(store.layout().data_file(2), "");
  store.prune(3);
  EXPECT_PRED2(contains, log_, "no data files are removed");
}

TEST_F(StoreTest, OpeningRemovesCrashedAttemptsButNotTheHighestNumber) {
  {
    CheckpointStore store = open();
    write_rig_checkpoint(store, "first");
    for (const std::uint64_t number : {2, 3, 4}) {
      overwrite(store.layout().data_file(number), "half a");
    }
    overwrite(store.layout().manifests() / "000000000003.manifest.0a1b2c3d.tmp", "half a");
    overwrite(store.layout().manifests() / "000000000002.manifest.tmp", "of an older version");
    overwrite(store.layout().manifests() / "notes.txt", "of somebody");
    overwrite(store.layout().manifests() / "7.manifest", "of somebody");
  }
  CheckpointStore store = open();
  EXPECT_EQ(names("data"), (std::set<std::string>{"000000000001.data", "000000000004.data"}));
  EXPECT_EQ(names("manifests"),
            (std::set<std::string>{"000000000001.manifest", "notes.txt", "7.manifest"}));
  EXPECT_EQ(store.next_number(), 5U);
  EXPECT_EQ(store.latest()->number, 1U);
}

TEST_F(StoreTest, AttemptsThatWereRolledBackAreRemovedWhileTheStoreIsOpen) {
  CheckpointStore store = open();
  write_rig_checkpoint(store, "first");
  for (int attempt = 0; attempt < 3; ++attempt) {
    {
      CheckpointWriter writer = store.begin(store.next_number());
      writer.append(rig_block(0, 0, 0, "that sinks have prepared for"));
      writer.durable();
    }
    overwrite(store.layout().manifests() /
                  fmt::format("{:012}.manifest.{}.tmp", store.next_number() - 1, attempt),
              "cut off");
    store.remove_failed_attempts();
    EXPECT_EQ(names("data").size(), 2U);
    EXPECT_EQ(names("manifests").size(), 2U);
  }
  EXPECT_EQ(names("data"), (std::set<std::string>{"000000000001.data", "000000000004.data"}));
  EXPECT_EQ(store.next_number(), 5U);
}

TEST_F(StoreTest, ANumberThatSinksMayHavePreparedForIsNotUsedAgainAfterARestart) {
  {
    CheckpointStore store = open();
    CheckpointWriter writer = store.begin(1);
    writer.durable();
  }
  EXPECT_EQ(open().next_number(), 2U);
}

TEST(StoreLayout, NumbersAreReadOnlyFromNamesAsTheyAreWritten) {
  EXPECT_EQ(number_of_manifest("manifests/000000000012.manifest"), 12U);
  EXPECT_EQ(data_file_of("data/18446744073709551615.data"), DataFileId{UINT64_MAX});
  const DataFileId of_a_cluster{12, 3, 4};
  EXPECT_EQ(data_name(of_a_cluster), "data/000000000012-3-4.data");
  EXPECT_EQ(data_file_of("data/000000000012-3-4.data"), of_a_cluster);
  for (const char* name :
       {"12", "0000000000012", "000000000000", "00000000001x", "-00000000001", "+00000000001",
        " 00000000001", "", "18446744073709551616", "000000000012-0-0", "000000000012-01-0",
        "000000000012-1", "000000000012-1-", "000000000012-1-4294967296", "000000000012-1-0-0"}) {
    EXPECT_FALSE(data_file_of(fmt::format("data/{}.data", name)).has_value()) << name;
    EXPECT_FALSE(number_of_manifest(fmt::format("manifests/{}.manifest", name)).has_value())
        << name;
  }
  for (const char* name : {"data/000000000012.data.tmp", "data/000000000012.dat",
                           "000000000012.data", "manifests/000000000012.data"}) {
    EXPECT_FALSE(data_file_of(name).has_value()) << name;
  }
  EXPECT_EQ(number_of_leftover("manifests/000000000012.manifest.0a.tmp"), 12U);
  EXPECT_EQ(number_of_leftover("manifests/000000000012.manifest.tmp"), 12U);
  EXPECT_FALSE(number_of_leftover("manifests/000000000012.manifest").has_value());
  EXPECT_FALSE(number_of_leftover("manifests/12.manifest.0a.tmp").has_value());
}

}  // namespace
}  // namespace wallaroo::internal
