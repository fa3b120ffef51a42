// Chains of incremental checkpoints against a model that keeps everything in memory.
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "checkpoint/store/store.rig.hpp"
#include "state/property.rig.hpp"

namespace wallaroo::internal {
namespace {

using Access = CheckpointStore::Access;
using property_rig::expect_property;
using Place = RestoredState::key_type;

/// A model of the state in an engine's memory and of all checkpoints that it has saved.
class Chain {
 public:
  explicit Chain(const std::filesystem::path& path) : path_(path) { reopen(); }

  void reopen() {
    store_.reset();
    store_.emplace(path_, Access::write);
  }
  void change(const Place& place, const std::string& bytes) {
    dirty_.insert(place);
    if (bytes.empty()) {
      state_.erase(place);
    } else {
      state_[place] = bytes;
    }
  }
  /// `per_block` groups share a block. `reversed`: the manifest lists stages and parts in the
  /// reverse order.
  void checkpoint(std::size_t per_block, bool reversed, bool abandoned, bool with_sparse) {
    Manifest manifest = rig_manifest();
    if (reversed) {
      std::swap(manifest.stages[0], manifest.stages[1]);
      std::swap(manifest.stages[0].parts[0], manifest.stages[0].parts[1]);
      manifest.instances.clear();
    }
    CheckpointWriter writer = store_->begin(store_->next_number());
    std::set<Place> saved = dirty_;
    const auto previous = store_->latest();
    if (previous && with_sparse) {
      for (const PartGroup& place : store_->sparse(*previous, 0.5)) {
        const ManifestStage& stage = previous->stages.at(place.stage);
        saved.insert({stage.name, stage.parts.at(place.part).name, place.group});
      }
    }
    save(writer, manifest, saved, per_block);
    if (previous) {
      writer.carry_over(*previous, [&](auto stage, auto part, auto group) {
        return !saved.contains({std::string(stage), std::string(part), group});
      });
    }
    if (abandoned) {
      writer.abandon();
      return;
    }
    writer.durable();
    const Manifest published = writer.publish(manifest);
    dirty_.clear();
    checkpoints_[published.number] = {published, state_};
  }
  void prune(std::size_t retain) {
    store_->prune(retain);
    while (checkpoints_.size() > retain) {
      checkpoints_.erase(checkpoints_.begin());
    }
  }
  /// Returns whether every checkpoint that is kept is exactly as it was.
  bool restores() const {
    const auto found = store_->list();
    bool right = found.size() == checkpoints_.size();
    for (const StoredCheckpoint& checkpoint : found) {
      const auto& [manifest, state] = checkpoints_.at(checkpoint.number);
      right = right && checkpoint.damage.empty() && checkpoint.manifest == manifest &&
              restore_all(*store_, checkpoint.manifest) == state;
    }
    return right;
  }
  std::uint64_t bytes_on_disk() const {
    std::uint64_t bytes = 0;
    for (const FoundFile& file : store_->files()->list(data_folder)) {
      bytes += file.bytes;
    }
    return bytes;
  }

 private:
  void save(CheckpointWriter& writer, const Manifest& manifest, const std::set<Place>& saved,
            std::size_t per_block) {
    StateBlock block;
    for (const Place& place : saved) {
      const auto found = state_.find(place);
      if (found == state_.end()) {
        continue;
      }
      ManifestSection section = section_of(manifest, place);
      section.offset = static_cast<std::uint32_t>(block.bytes.size());
      section.length = static_cast<std::uint32_t>(found->second.size());
      section.entries = 1;
      block.bytes += found->second;
      block.sections.push_back(section);
      if (block.sections.size() == per_block) {
        writer.append(std::exchange(block, {}));
      }
    }
    writer.append(block);
  }
  static ManifestSection section_of(const Manifest& manifest, const Place& place) {
    const auto& [stage_name, part_name, group] = place;
    ManifestSection section;
    while (manifest.stages.at(section.stage).name != stage_name) ++section.stage;
    const auto& parts = manifest.stages[section.stage].parts;
    while (parts.at(section.part).name != part_name) ++section.part;
    section.group = static_cast<std::uint16_t>(group);
    return section;
  }

  std::filesystem::path path_;
  std::optional<CheckpointStore> store_;
  RestoredState state_;
  std::set<Place> dirty_;
  std::map<std::uint64_t, std::pair<Manifest, RestoredState>> checkpoints_;
};

Place any_place() {
  static const std::vector<std::pair<std::string, std::string>> parts = {
      {"count", "state"}, {"totals", "windows"}, {"totals", "timers"}};
  const auto part = *rc::gen::elementOf(parts);
  return {part.first, part.second, *rc::gen::inRange<int>(0, rig_groups)};
}

TEST(StoreModel, EveryRetainedCheckpointOfAnIncrementalChainRestoresExactly) {
  expect_property("chains of checkpoints", 150, [] {
    const StoreDirectory directory;
    Chain chain(directory.path());
    const int steps = *rc::gen::inRange(1, 20);
    for (int i = 0; i < steps; ++i) {
      for (int changes = *rc::gen::inRange(0, 6); changes > 0; --changes) {
        chain.change(any_place(), *rc::gen::string<std::string>());
      }
      const bool abandoned = *rc::gen::inRange(0, 4) == 0;
      chain.checkpoint(*rc::gen::inRange<std::size_t>(1, 4), *rc::gen::arbitrary<bool>(), abandoned,
                       *rc::gen::arbitrary<bool>());
      if (*rc::gen::inRange(0, 3) == 0) {
        chain.prune(*rc::gen::inRange<std::size_t>(1, 4));
      }
      if (*rc::gen::inRange(0, 4) == 0) {
        chain.reopen();
      }
      RC_ASSERT(chain.restores());
    }
  });
}

// One group of twelve changes each time: without saving sparse files again, every group's bytes
// would keep a file with many others alive.
TEST(StoreModel, SavingSparseFilesAgainBoundsTheDirectory) {
  const auto largest = [](bool with_sparse) {
    const StoreDirectory directory;
    Chain chain(directory.path());
    std::uint64_t most = 0;
    std::uint64_t random = 1;
    for (int i = 0; i < 60; ++i) {
      for (int group = 0; group < static_cast<int>(rig_groups); ++group) {
        if (i == 0 || group == i % 3) {
          std::string bytes;
          while (bytes.size() < 10'000) {
            random = random * 6364136223846793005ULL + 1442695040888963407ULL;
            bytes.append(reinterpret_cast<const char*>(&random) + 4, 4);
          }
          chain.change({"count", "state", group}, bytes);
        }
      }
      // The first block holds the fourth group, which never changes, and all others.
      chain.checkpoint(4, false, false, with_sparse);
      chain.prune(1);
      EXPECT_TRUE(chain.restores());
      most = std::max(most, chain.bytes_on_disk());
    }
    return most;
  };
  EXPECT_LE(largest(true), 2 * 41'000U);
  EXPECT_GT(largest(false), 65'000U);
}

TEST(StoreModel, RandomManifestsAreReadBackAsTheyWere) {
  expect_property("manifests", 300, [] {
    const auto text = [] { return *rc::gen::string<std::string>(); };
    Manifest manifest = rig_manifest(text());
    manifest.number = *rc::gen::inRange<std::uint64_t>(1, UINT64_MAX);
    manifest.application = text();
    manifest.started_wall_ns = *rc::gen::arbitrary<std::int64_t>();
    manifest.stages[0].name = text();
    manifest.stages[1].instance_schema = text();
    for (int i = *rc::gen::inRange(0, 5); i > 0; --i) {
      manifest.instances.push_back({*rc::gen::inRange(0U, 2U), 7, text()});
      manifest.sources.push_back({text(), {{text(), text()}}, *rc::gen::arbitrary<bool>()});
      manifest.files.push_back({*rc::gen::inRange<std::uint64_t>(1, manifest.number),
                                *rc::gen::arbitrary<std::uint64_t>(), 3, 1000});
      manifest.blocks.push_back({*rc::gen::inRange<std::uint64_t>(0, manifest.files.size()),
                                 *rc::gen::arbitrary<std::uint64_t>(),
                                 *rc::gen::arbitrary<std::uint32_t>(), 500,
                                 *rc::gen::arbitrary<std::uint64_t>()});
      manifest.sections.push_back({1, 1, *rc::gen::inRange<std::uint16_t>(0, rig_groups), 0, 100,
                                   *rc::gen::inRange(0U, 401U), 3});
    }
    if (*rc::gen::arbitrary<bool>()) {
      manifest.generation = *rc::gen::arbitrary<std::uint64_t>();
      manifest.members = {{text(), 1}, {text(), 1}};
      manifest.owners.assign(rig_groups, *rc::gen::inRange<std::uint16_t>(0, 2));
    }
    RC_ASSERT(decode_manifest(encode_manifest(manifest), "it") == manifest);
  });
}

}  // namespace
}  // namespace wallaroo::internal
