// The checkpoints of an application in a directory: docs/formats/checkpoint.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "checkpoint/manifest.hpp"
#include "checkpoint/manifest_file.hpp"
#include "checkpoint/manifest_totals.hpp"
#include "checkpoint/recovery.hpp"
#include "checkpoint/store_layout.hpp"
#include "checkpoint/store_lock.hpp"
#include "checkpoint/store_reader.hpp"
#include "checkpoint/store_writer.hpp"

namespace wallaroo::internal {

/// A checkpoint that was found, whole or not.
struct StoredCheckpoint {
  std::uint64_t number = 0;
  Manifest manifest;   ///< empty when it could not be read
  std::string damage;  ///< empty: manifest and data files are there; blocks were not looked at
};

/// A manifest that was read before: what it needs, as long as its file is the same.
struct KnownManifest {
  std::uintmax_t bytes = 0;
  std::filesystem::file_time_type changed;
  DataNeeds needs;
};

struct PruneResult {
  std::uint64_t checkpoints = 0;
  std::uint64_t data_files = 0;
  std::uint64_t bytes = 0;  ///< of the data files
};

/// All functions throw IoError with what happened, where, and what to do; NewerFormatError when a
/// newer version of wallaroo wrote there. One thread at a time; readers are independent.
class CheckpointStore {
 public:
  enum class Access {
    read,   ///< of a directory that another process may be writing
    write,  ///< alone: refused while another process has it. Makes the directory.
  };
  /// With `write`, also does `remove_failed_attempts`.
  CheckpointStore(const std::filesystem::path& directory, Access access, Log log = {});

  /// Greater than any number that a file of the directory bears, or that this object has given to a
  /// writer. At least 1.
  std::uint64_t next_number() const;

  /// All, newest first, also damaged ones.
  std::vector<StoredCheckpoint> list() const;
  /// As `list`, in the form that `choose_checkpoint` takes.
  std::vector<CheckpointCandidate> candidates() const;
  /// The newest whose manifest is whole and whose data files are as long as they must be; damaged
  /// ones are passed over with a warning. Nothing when there is no checkpoint at all; when there
  /// are but none is whole it throws. Blocks are checked when they are read.
  std::optional<Manifest> latest() const;
  /// Throws DamagedError for one that is damaged, IoError when there is none of that number.
  Manifest load(std::uint64_t number) const;

  /// Needs `Access::write`, as do the following. The number is `next_number()` or a higher one.
  CheckpointWriter begin(std::uint64_t number);
  /// `manifest` must outlive the reader. Works with any access.
  CheckpointReader reader(const Manifest& manifest) const { return {layout_, manifest}; }

  /// Keeps the newest `retain` (at least 1) checkpoints that are whole, and all data they refer to;
  /// removes older ones, and files that belong to none. While a damaged one is among those kept, no
  /// data is removed: it may be what somebody needs to repair it.
  PruneResult prune(std::size_t retain);
  /// What attempts have left that crashed or were rolled back, but for the file with the highest
  /// number, so that none is used twice. Not while a checkpoint is being written.
  void remove_failed_attempts() const;
  /// Somebody goes back to `number`: the checkpoints after it are given up, since what sinks take
  /// back for it cannot be brought forth again. Their numbers are not used again.
  void discard_above(std::uint64_t number);
  /// The groups whose bytes lie in data files of which less than `fraction` is still referred to by
  /// the manifest, in order: saved again, they let the files go. Works with any access.
  std::vector<StatePlace> sparse(const Manifest& manifest, double fraction) const;
  /// What is wrong with the blocks of a checkpoint, each of which is read. Works with any access.
  std::vector<std::string> damaged_blocks(const Manifest& manifest) const;

  const StoreLayout& layout() const { return layout_; }

 private:
  void make_directories();
  void require_directories() const;
  void refuse_newer_formats() const;
  StoredCheckpoint look_at(std::uint64_t number) const;
  Manifest read_manifest(std::uint64_t number) const;
  void check_data_files(const DataNeeds& needs) const;
  bool is_whole(std::uint64_t number);
  const DataNeeds& needs_of(std::uint64_t number);
  bool remove_manifests_below(std::uint64_t number, PruneResult& result);
  void remove_unused_data(const std::vector<std::uint64_t>& kept, PruneResult& result) const;

  StoreLayout layout_;
  Log log_;
  std::optional<StoreLock> lock_;
  std::uint64_t begun_ = 0;  ///< the highest number given to a writer
  /// By the number of a checkpoint, as of when `prune` last looked at it.
  std::map<std::uint64_t, KnownManifest> known_;
};

}  // namespace wallaroo::internal
