// Decides which files of a checkpoint directory are removed, and in which order.
#include <algorithm>
#include <set>
#include <system_error>

#include "base/check.hpp"
#include "base/failpoint.hpp"
#include "checkpoint/store/store.hpp"
#include "io/durable_file.hpp"

namespace wallaroo::internal {

PruneResult CheckpointStore::prune(std::size_t retain) {
  check(lock_.has_value(), "only the holder of the lock prunes checkpoints");
  check(retain > 0, "at least one checkpoint is kept");
  PruneResult result;
  std::vector<std::uint64_t> kept;
  std::size_t whole = 0;
  for (const std::uint64_t number : layout_.manifest_numbers()) {
    if (whole == retain) {
      break;
    }
    kept.push_back(number);
    whole += is_whole(number) ? 1 : 0;
  }
  // Manifests are removed first and durably: none may come back after a crash without its data.
  if (whole == retain && remove_manifests_below(kept.back(), result)) {
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

/// Returns whether the checkpoint is whole. If it is, `known_` holds it afterwards.
bool CheckpointStore::is_whole(std::uint64_t number) {
  try {
    check_data_files(needs_of(number));
    return true;
  } catch (const DamagedError&) {
    known_.erase(number);
    return false;
  }
}

/// Reads each manifest only once: they grow with the state, and the user decides how many are kept.
const DataNeeds& CheckpointStore::needs_of(std::uint64_t number) {
  const auto path = layout_.manifest(number);
  std::error_code error;
  KnownManifest now{std::filesystem::file_size(path, error), {}, {}};
  now.changed = error ? now.changed : std::filesystem::last_write_time(path, error);
  const auto known = known_.find(number);
  if (!error && known != known_.end() && known->second.bytes == now.bytes &&
      known->second.changed == now.changed) {
    return known->second.needs;
  }
  now.needs = data_needs(read_manifest(number));
  return (known_[number] = std::move(now)).needs;
}

bool CheckpointStore::remove_manifests_below(std::uint64_t number, PruneResult& result) {
  constexpr FailpointGroup steps("store.prune.manifest");
  for (const std::uint64_t old : layout_.manifest_numbers()) {
    if (old < number) {
      remove_file(layout_.manifest(old), steps);
      ++result.checkpoints;
    }
  }
  known_.erase(known_.begin(), known_.lower_bound(number));
  return result.checkpoints > 0;
}

/// Requires that all of `kept` are whole. Never removes files above the newest checkpoint: somebody
/// may be writing them.
void CheckpointStore::remove_unused_data(const std::vector<std::uint64_t>& kept,
                                         PruneResult& result) const {
  constexpr FailpointGroup steps("store.prune.data");
  const std::uint64_t newest = kept.front();
  std::set<std::uint64_t> used;
  for (const std::uint64_t number : kept) {
    for (const auto& [file, bytes] : known_.at(number).needs) {
      used.insert(file);
    }
  }
  if (mutation("prune_referenced_data") && !used.empty()) {
    used.erase(used.begin());
  }
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
