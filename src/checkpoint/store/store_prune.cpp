// Decides which files of a checkpoint directory are removed, and in which order.
#include <set>
#include <utility>

#include "base/check.hpp"
#include "base/failpoint.hpp"
#include "checkpoint/store/store.hpp"

namespace wallaroo::internal {

PruneResult CheckpointStore::prune(std::size_t retain) {
  check(lock_.has_value(), "only the holder of the lock prunes checkpoints");
  check(retain > 0, "at least one checkpoint is kept");
  PruneResult result;
  std::vector<std::uint64_t> kept;
  std::size_t whole = 0;
  for (const std::uint64_t number : list_manifests(*files_)) {
    if (whole == retain) {
      break;
    }
    const Condition condition = condition_of(number);
    if (condition != Condition::voided) {
      kept.push_back(number);
    }
    whole += condition == Condition::whole ? 1 : 0;
  }
  // Manifests are removed first and durably: none may come back after a crash without its data.
  if (whole == retain) {
    remove_manifests_below(kept.back(), result);
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

/// If the checkpoint is whole, `known_` holds it afterwards.
CheckpointStore::Condition CheckpointStore::condition_of(std::uint64_t number) {
  try {
    const KnownManifest& manifest = known(number);
    check_data_files(manifest.needs);
    return manifest.voided ? Condition::voided : Condition::whole;
  } catch (const DamagedError&) {
    known_.erase(number);
    return Condition::damaged;
  }
}

/// Reads each manifest only once: they grow with the state, and the user decides how many are kept.
const KnownManifest& CheckpointStore::known(std::uint64_t number) {
  const auto file = files_->find(manifest_name(number));
  const auto before = known_.find(number);
  if (file && before != known_.end() && before->second.file.bytes == file->bytes &&
      before->second.file.changed == file->changed) {
    return before->second;
  }
  KnownManifest now{file.value_or(FoundFile{}), false, {}};
  try {
    now.needs = data_needs(read_manifest(number));
  } catch (const VoidError&) {
    now.voided = true;
  }
  return known_[number] = std::move(now);
}

bool CheckpointStore::is_void(std::uint64_t number) {
  try {
    return known(number).voided;
  } catch (const DamagedError&) {
    return false;
  }
}

// The lowest go first, so that the highest number stays whenever that ends.
void CheckpointStore::remove_manifests_below(std::uint64_t number, PruneResult& result) {
  std::vector<std::uint64_t> old = list_manifests(*files_);
  std::erase_if(old, [&](std::uint64_t one) { return one >= number; });
  std::vector<std::string> names;
  for (auto one = old.rbegin(); one != old.rend(); ++one) {
    result.checkpoints += is_void(*one) ? 0 : 1;
    names.push_back(manifest_name(*one));
  }
  files_->remove(names);
  known_.erase(known_.begin(), known_.lower_bound(number));
}

/// Requires that all of `kept` are whole. Never removes files above the newest checkpoint: somebody
/// may be writing them.
void CheckpointStore::remove_unused_data(const std::vector<std::uint64_t>& kept,
                                         PruneResult& result) const {
  const std::uint64_t newest = kept.front();
  std::set<DataFileId> used;
  for (const std::uint64_t number : kept) {
    for (const auto& [file, bytes] : known_.at(number).needs) {
      used.insert(file);
    }
  }
  if (mutation("prune_referenced_data") && !used.empty()) {
    used.erase(used.begin());
  }
  std::vector<std::string> unused;
  for (const FoundFile& found : files_->list(data_folder)) {
    const auto file = data_file_of(found.name);
    if (file && file->number <= newest && !used.contains(*file)) {
      unused.push_back(found.name);
      result.bytes += found.bytes;
      ++result.data_files;
    }
  }
  files_->remove(unused);
  remove_leftovers_below(newest + 1);
}

}  // namespace wallaroo::internal
