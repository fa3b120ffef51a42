// Which files of a checkpoint directory go, and in which order.
#include <algorithm>
#include <set>
#include <system_error>

#include "base/check.hpp"
#include "base/failpoint.hpp"
#include "checkpoint/store.hpp"
#include "io/durable_file.hpp"

namespace wallaroo::internal {

namespace {

std::set<std::uint64_t> referred_to(const std::vector<StoredCheckpoint>& checkpoints) {
  std::set<std::uint64_t> files;
  for (const StoredCheckpoint& checkpoint : checkpoints) {
    for (const ManifestBlock& block : checkpoint.manifest.blocks) {
      files.insert(block.file);
    }
  }
  if (mutation("prune_referenced_data") && !files.empty()) {
    files.erase(files.begin());
  }
  return files;
}

}  // namespace

PruneResult CheckpointStore::prune(std::size_t retain) {
  check(lock_.has_value(), "who prunes checkpoints has the lock");
  check(retain > 0, "at least one checkpoint is kept");
  PruneResult result;
  std::vector<StoredCheckpoint> kept;
  std::size_t whole = 0;
  std::uint64_t newest_whole = 0;
  for (const std::uint64_t number : layout_.manifest_numbers()) {
    if (whole == retain) {
      break;
    }
    kept.push_back(look_at(number));
    if (kept.back().damage.empty()) {
      newest_whole = std::max(newest_whole, number);
      ++whole;
    }
  }
  // Manifests go first and for good: none may come back without its data.
  if (whole == retain && remove_manifests_below(kept.back().number, result)) {
    sync_directory(layout_.manifests(), FailpointGroup("store.prune"));
  }
  if (whole == kept.size() && whole > 0) {
    remove_unused_data(kept, result);
  } else if (whole > 0) {
    log_.warning(
        "there are damaged checkpoints in '{}', so no data files are removed; "
        "`wallaroo checkpoints {} verify` tells which",
        layout_.directory().string(), layout_.directory().string());
  }
  return result;
}

bool CheckpointStore::remove_manifests_below(std::uint64_t number, PruneResult& result) const {
  constexpr FailpointGroup steps("store.prune.manifest");
  for (const std::uint64_t old : layout_.manifest_numbers()) {
    if (old < number) {
      remove_file(layout_.manifest(old), steps);
      ++result.checkpoints;
    }
  }
  return result.checkpoints > 0;
}

/// Never files above the newest checkpoint: they may be being written.
void CheckpointStore::remove_unused_data(const std::vector<StoredCheckpoint>& kept,
                                         PruneResult& result) const {
  constexpr FailpointGroup steps("store.prune.data");
  const std::uint64_t newest = kept.front().number;
  const std::set<std::uint64_t> used = referred_to(kept);
  for (const std::uint64_t number : layout_.data_numbers()) {
    if (number <= newest && !used.contains(number)) {
      std::error_code ignored;
      const auto size = std::filesystem::file_size(layout_.data_file(number), ignored);
      remove_file(layout_.data_file(number), steps);
      result.bytes += ignored ? 0 : size;
      ++result.data_files;
    }
  }
  for (const std::uint64_t number : layout_.temporary_manifest_numbers()) {
    if (number <= newest) {
      remove_file(layout_.temporary_manifest(number), steps);
    }
  }
}

}  // namespace wallaroo::internal
