// Every byte of a checkpoint directory flipped, every file cut off at every length: what is
// restored is the newest checkpoint, or the one before it, or nothing with a clear error. Never
// anything else.
#include <functional>

#include <gtest/gtest.h>

#include "checkpoint/store/store.rig.hpp"

namespace wallaroo::internal {
namespace {

using Access = CheckpointStore::Access;

enum class Outcome { newest, previous, error, wrong };

class StoreDamage : public testing::Test {
 protected:
  StoreDamage() {
    CheckpointStore store(directory_.path(), Access::write);
    const Manifest first = write_rig_checkpoint(store, "first");
    previous_ = restore_all(store, first);
    CheckpointWriter writer = store.begin(2);
    writer.append(rig_block(0, 0, 0, "second of group 0"));
    writer.append(rig_block(1, 0, 3, "second of windows"));
    writer.carry_over(first,
                      [](auto stage, auto, auto group) { return stage == "count" && group == 2; });
    writer.durable();
    newest_ = restore_all(store, writer.publish(rig_manifest("second")));
    EXPECT_EQ(newest_.size(), 3U);
    files_ = files_below(directory_.path());
    EXPECT_EQ(files_.size(), 4U);
  }

  /// Restores as an application does, and takes the checkpoint before when a block is damaged.
  Outcome outcome() const {
    try {
      const CheckpointStore store(directory_.path(), Access::read);
      const auto manifest = store.latest();
      if (!manifest) {
        return Outcome::wrong;
      }
      try {
        return outcome_of(store, *manifest);
      } catch (const DamagedError&) {
        return manifest->number == 2 ? outcome_of(store, store.load(1)) : Outcome::error;
      }
    } catch (const IoError&) {
      return Outcome::error;
    }
  }
  Outcome outcome_of(const CheckpointStore& store, const Manifest& manifest) const {
    const RestoredState state = restore_all(store, manifest);
    return manifest == rig_of(manifest, "second") && state == newest_    ? Outcome::newest
           : manifest == rig_of(manifest, "first") && state == previous_ ? Outcome::previous
                                                                         : Outcome::wrong;
  }
  /// Everything in the manifest that must not differ, whatever the state is.
  static Manifest rig_of(const Manifest& found, const std::string& text) {
    Manifest manifest = rig_manifest(text);
    manifest.number = text == "first" ? 1 : 2;
    manifest.files = found.files;
    manifest.writer = found.writer;
    manifest.blocks = found.blocks;
    manifest.sections = found.sections;
    return manifest;
  }
  bool verified() const {
    const CheckpointStore store(directory_.path(), Access::read);
    bool whole = true;
    for (const StoredCheckpoint& checkpoint : store.list()) {
      whole =
          whole && checkpoint.damage.empty() && store.damaged_blocks(checkpoint.manifest).empty();
    }
    return whole;
  }
  void expect_survived(const std::string& path, const std::string& damaged, std::size_t at) {
    overwrite(path, damaged);
    const Outcome found = outcome();
    ++outcomes_[found];
    EXPECT_NE(found, Outcome::wrong) << path << " at " << at;
    EXPECT_FALSE(verified()) << path << " at " << at;
    if (path.find("000000000002.") != std::string::npos) {
      EXPECT_NE(found, Outcome::newest) << path << " at " << at;
    }
  }

  StoreDirectory directory_;
  RestoredState previous_;
  RestoredState newest_;
  std::map<std::string, std::string> files_;
  std::map<Outcome, int> outcomes_;
};

TEST_F(StoreDamage, NoFlippedByteGoesUnnoticed) {
  EXPECT_TRUE(verified());
  for (const auto& [path, original] : files_) {
    for (std::size_t at = 0; at < original.size(); ++at) {
      for (const int bits : {0x01, 0x80, 0xff}) {
        std::string damaged = original;
        damaged[at] = static_cast<char>(damaged[at] ^ bits);
        expect_survived(path, damaged, at);
      }
    }
    overwrite(path, original);
  }
  EXPECT_EQ(outcome(), Outcome::newest);
  // Each outcome happens: the newest if only the checkpoint before is damaged, an error if data is
  // damaged that both refer to.
  EXPECT_GT(outcomes_[Outcome::newest], 1000);
  EXPECT_GT(outcomes_[Outcome::previous], 1000);
  EXPECT_GT(outcomes_[Outcome::error], 50);
}

TEST_F(StoreDamage, NoTruncationGoesUnnoticed) {
  for (const auto& [path, original] : files_) {
    for (std::size_t size = 0; size < original.size(); ++size) {
      expect_survived(path, original.substr(0, size), size);
    }
    overwrite(path, original);
  }
  EXPECT_EQ(outcome(), Outcome::newest);
}

TEST_F(StoreDamage, FilesThatAreExchangedAreNoticed) {
  for (const auto& [path, original] : files_) {
    for (const auto& [other, content] : files_) {
      if (path != other) {
        expect_survived(path, content, 0);
      }
    }
    overwrite(path, original);
  }
  EXPECT_EQ(outcome(), Outcome::newest);
}

// A forged manifest has the right checksum; what it says is still not believed.
TEST(ManifestFile, ContradictionsAreDamage) {
  StoreDirectory directory;
  CheckpointStore store(directory.path(), Access::write);
  const Manifest good = write_rig_checkpoint(store, "first");
  EXPECT_EQ(decode_manifest(encode_manifest(good), "it"), good);
  const std::vector<std::function<void(Manifest&)>> changes = {
      [](Manifest& m) { m.sections[1].stage = 2; },
      [](Manifest& m) { m.sections[1].part = 1; },
      [](Manifest& m) { m.sections[1].group = rig_groups; },
      [](Manifest& m) { m.sections[1].block = 5; },
      [](Manifest& m) { m.sections[1].length += 1; },
      [](Manifest& m) { m.sections[1].offset = UINT32_MAX; },
      [](Manifest& m) { m.instances[0].stage = 2; },
      [](Manifest& m) { m.blocks[0].file = 1; },
      [](Manifest& m) { m.files[0].number = 2; },
      [](Manifest& m) { m.files[0].number = 0; },
      [](Manifest& m) { m.key_groups = UINT32_MAX; },
      [](Manifest& m) {
        m.members = {{"a", 1}};
      },
      [](Manifest& m) {
        m.owners = {0, 1};
      },
      [](Manifest& m) { m.owners.assign(rig_groups, 2); },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    Manifest bad = good;
    changes[i](bad);
    EXPECT_THROW(decode_manifest(encode_manifest(bad), "it"), DamagedError) << i;
  }
  for (const auto& change :
       {std::function<void(Manifest&)>([](Manifest& m) {
          m.members = {{"a", 1}, {"b", 1}};
        }),
        std::function<void(Manifest&)>([](Manifest& m) { m.owners.assign(rig_groups, 1); })}) {
    Manifest other = good;
    change(other);
    EXPECT_EQ(decode_manifest(encode_manifest(other), "it"), other);
  }
  Manifest renamed = good;
  renamed.number = 2;
  overwrite(store.layout().manifest(1), encode_manifest(renamed));
  EXPECT_THROW(store.load(1), DamagedError);
  for (const auto change : {+[](ManifestBlock& b) { b.raw_bytes = UINT32_MAX; },
                            +[](ManifestBlock& b) { b.raw_bytes += 1; },
                            +[](ManifestBlock& b) { b.stored_bytes = UINT32_MAX; },
                            +[](ManifestBlock& b) { b.offset = UINT64_MAX - 10; },
                            +[](ManifestBlock& b) { b.offset += 1; }}) {
    Manifest bad = good;
    change(bad.blocks[0]);
    EXPECT_THROW(store.reader(bad).block(0), DamagedError);
  }
}

// In format 1 a block has the number of its file, and nobody wrote down who owned which group.
TEST(ManifestFile, OfFormat1SaysWhereItsBlocksAreAndWhoOwnedTheGroups) {
  Manifest old = rig_manifest();
  old.number = 9;
  old.blocks = {{7, 24, 5, 5, 1}, {3, 24, 6, 6, 2}, {7, 53, 5, 5, 3}};
  old.sections = {{0, 0, 0, 0, 0, 5, 1}, {0, 0, 1, 1, 0, 6, 1}, {0, 0, 2, 2, 0, 5, 1}};
  const Manifest read = decode_manifest(encode_manifest(old, 1), "it");
  EXPECT_EQ(read.files, (std::vector<ManifestFile>{{3, 0, 0, 0}, {7, 0, 0, 0}}));
  EXPECT_EQ(read.blocks[0].file, 1U);
  EXPECT_EQ(read.blocks[1].file, 0U);
  EXPECT_EQ(read.blocks[2].file, 1U);
  EXPECT_EQ(read.owners, (std::vector<std::uint16_t>{0, 0, 1, 1}));
  EXPECT_EQ(read.sections, old.sections);
  EXPECT_EQ(read.generation, 0U);
  Manifest vast = old;
  vast.key_groups = UINT32_MAX;
  EXPECT_THROW(decode_manifest(encode_manifest(vast, 1), "it"), DamagedError);
  for (const std::uint64_t file : {0, 10}) {
    old.blocks[0].file = file;
    EXPECT_THROW(decode_manifest(encode_manifest(old, 1), "it"), DamagedError) << file;
  }
}

}  // namespace
}  // namespace wallaroo::internal
