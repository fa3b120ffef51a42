// Checkpoint directories that the workers of a cluster write to.
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "checkpoint/files/void_file.hpp"
#include "checkpoint/store/store.rig.hpp"

namespace wallaroo::internal {
namespace {

using Access = CheckpointStore::Access;

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

class SharedStore : public testing::Test {
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

TEST_F(SharedStore, NumbersThatAreVoidAreNoCheckpointsAndAreNotUsed) {
  {
    CheckpointStore store = open();
    write_rig_checkpoint(store, "first");
    ASSERT_TRUE(store.files()->create(manifest_name(2), void_bytes("the disk was full", "ab12")));
  }
  CheckpointStore store = open();
  EXPECT_EQ(store.latest()->number, 1U);
  EXPECT_EQ(store.list().size(), 1U);
  ASSERT_EQ(store.voids().size(), 1U);
  EXPECT_EQ(store.voids()[0].number, 2U);
  EXPECT_EQ(store.voids()[0].reason, "the disk was full (ab12)");
  const auto candidates = store.candidates();
  ASSERT_EQ(candidates.size(), 2U);
  EXPECT_TRUE(candidates[1].voided && candidates[1].number == 2);
  EXPECT_PRED2(contains, store_error([&] { store.load(2); }),
               "and never will be: the disk was full (ab12)");
  EXPECT_EQ(store.next_number(), 3U);
  write_rig_checkpoint(store, "third");
  store.prune(2);
  EXPECT_EQ(store.voids().size(), 1U) << "it is above the oldest one that is kept";
  write_rig_checkpoint(store, "fourth");
  EXPECT_EQ(store.prune(2).checkpoints, 1U);
  EXPECT_TRUE(store.voids().empty());
  EXPECT_EQ(log_, "");
}

TEST_F(SharedStore, WorkersShareADirectoryButNotWithASingleProcess) {
  CheckpointStore one = open(Access::share);
  {
    CheckpointStore other = open(Access::share);
    EXPECT_PRED2(contains, error_of_open(), "is in use by another process");
    write_rig_checkpoint(other, "first");
  }
  EXPECT_EQ(one.latest()->number, 1U);
  EXPECT_PRED2(contains, error_of_open(), "is in use by another process");
}

TEST_F(SharedStore, AManifestThatExistsIsNeverReplaced) {
  CheckpointStore store = open();
  CheckpointWriter writer = store.begin(1);
  writer.durable();
  overwrite(store.layout().manifest(1), "of somebody else");
  const std::string error = store_error([&] { writer.publish(rig_manifest()); });
  EXPECT_PRED2(contains, error, "checkpoint 1 was not published, because '");
  EXPECT_PRED2(contains, error, "another process writes to this directory");
  EXPECT_EQ(content_of(store.layout().manifest(1)), "of somebody else");
}

TEST_F(SharedStore, FilesOfAClusterAreReadAndRemovedLikeOthers) {
  CheckpointStore store = open();
  ManifestDraft draft;
  for (std::uint32_t member = 0; member < 2; ++member) {
    StateFile part(store.files(), {3, 7, member}, {});
    part.append(rig_block(0, 0, static_cast<std::uint16_t>(member), fmt::format("of {}", member)));
    draft.add(part.finish());
  }
  Manifest manifest = rig_manifest();
  manifest.number = 3;
  manifest.generation = 7;
  manifest.members = {{"a", 1}, {"b", 1}};
  manifest = draft.complete(manifest);
  ASSERT_TRUE(store.files()->create(manifest_name(3), encode_manifest(manifest)));
  EXPECT_EQ(names("data"),
            (std::set<std::string>{"000000000003-7-0.data", "000000000003-7-1.data"}));
  EXPECT_EQ(store.latest(), manifest);
  EXPECT_EQ(restore_all(store, manifest).at({"count", "state", 1}), "of 1");
  EXPECT_TRUE(store.damaged_blocks(manifest).empty());
  // A file of another member in its place is noticed.
  std::filesystem::rename(directory_.path() / data_name({3, 7, 1}),
                          directory_.path() / data_name({3, 7, 0}));
  EXPECT_PRED2(contains, store.list()[0].damage, "does not begin like data file 3");
  std::filesystem::remove(store.layout().manifest(3));
  EXPECT_EQ(store.next_number(), 4U);
  write_rig_checkpoint(store, "fourth");
  store.prune(1);
  EXPECT_EQ(names("data"), std::set<std::string>{"000000000004.data"});
}

}  // namespace
}  // namespace wallaroo::internal
