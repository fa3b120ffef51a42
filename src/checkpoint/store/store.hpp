// The checkpoints of an application in a directory: docs/formats/checkpoint.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "checkpoint/files/checkpoint_files.hpp"
#include "checkpoint/protocol/recovery.hpp"
#include "checkpoint/store/manifest.hpp"
#include "checkpoint/store/manifest_file.hpp"
#include "checkpoint/store/manifest_totals.hpp"
#include "checkpoint/store/store_layout.hpp"
#include "checkpoint/store/store_lock.hpp"
#include "checkpoint/store/store_reader.hpp"
#include "checkpoint/store/store_writer.hpp"

namespace wallaroo::internal {

/// A checkpoint that was found, whole or not.
struct StoredCheckpoint {
  std::uint64_t number = 0;
  Manifest manifest;   ///< empty when it could not be read
  std::string damage;  ///< empty: manifest and data files are there; blocks were not looked at
};

/// A number that was made void: there never will be a checkpoint of that number.
struct VoidNumber {
  std::uint64_t number = 0;
  std::string reason;
};

/// What was learnt of a manifest that was read before. It holds while its file is this one.
struct KnownManifest {
  FoundFile file;
  bool voided = false;
  DataNeeds needs;
};

struct PruneResult {
  std::uint64_t checkpoints = 0;
  std::uint64_t data_files = 0;
  std::uint64_t bytes = 0;  ///< of the data files
};

/// All functions throw IoError that says what happened, where, and what to do, and NewerFormatError
/// if a newer version of wallaroo wrote there. One thread at a time may call; readers are
/// independent.
class CheckpointStore {
 public:
  enum class Access {
    read,   ///< another process may be writing to the directory
    write,  ///< exclusive: refused while another process has it; makes the directory
    share,  ///< as `write`, but together with other workers: see ClaimedNumbers
  };
  /// With `write`, also calls `remove_failed_attempts`.
  CheckpointStore(const std::filesystem::path& directory, Access access, Log log = {});

  /// Greater than any number that a file of the directory bears, or that this object has given to a
  /// writer. At least 1.
  std::uint64_t next_number() const;

  /// All checkpoints, newest first, damaged ones too.
  std::vector<StoredCheckpoint> list() const { return look().checkpoints; }
  /// The numbers that are void, the highest first.
  std::vector<VoidNumber> voids() const { return look().voids; }
  /// Both of them, in the form that `choose_checkpoint` takes.
  std::vector<CheckpointCandidate> candidates() const { return look().candidates(); }
  /// The newest checkpoint whose manifest is whole and whose data files are long enough; damaged
  /// ones are passed over with a warning. Returns nothing if there is no checkpoint at all, and
  /// throws if there are some but none is whole. Blocks are checked only when they are read.
  std::optional<Manifest> latest() const;
  /// Throws DamagedError if the checkpoint is damaged, IoError if it does not exist.
  Manifest load(std::uint64_t number) const;

  /// Begins checkpoint `number`, which must be at least `next_number()`. This function and the
  /// following ones require `Access::write`, unless they say otherwise.
  CheckpointWriter begin(std::uint64_t number);
  /// Begins to save the state of one worker for a checkpoint, whose number must be at least
  /// `next_number()` unless another worker has begun to save for it.
  StateFile begin_state(const DataFileId& id);
  /// See Manifest::writer.
  std::uint64_t writer() const { return writer_; }
  /// `manifest` must outlive the reader. Works with any access.
  CheckpointReader reader(const Manifest& manifest) const { return {files_, manifest}; }

  /// Keeps the newest `retain` (at least 1) checkpoints that are whole, and all data they refer to;
  /// removes older ones, and files that belong to none. While a damaged checkpoint is among those
  /// kept, no data is removed: somebody may need it for a repair.
  PruneResult prune(std::size_t retain);
  /// Removes the files of attempts that crashed or were rolled back, except the one with the
  /// highest number, so that no number is used twice. Must not be called while a checkpoint is
  /// being written.
  void remove_failed_attempts() const;
  /// Removes the checkpoints above `number`, because the application goes back to it: sinks take
  /// back output that the later ones rely on. The numbers of those are not used again.
  void discard_above(std::uint64_t number);
  /// The groups, in order, whose bytes lie in data files of which the manifest still refers to less
  /// than `fraction`. Once they are saved again, the files can be removed. Works with any access.
  std::vector<PartGroup> sparse(const Manifest& manifest, double fraction) const;
  /// Reads all blocks of a checkpoint, and describes those that are damaged. Works with any access.
  std::vector<std::string> damaged_blocks(const Manifest& manifest) const;

  const StoreLayout& layout() const { return layout_; }
  const std::shared_ptr<CheckpointFiles>& files() const { return files_; }

 private:
  enum class Condition { whole, damaged, voided };
  struct Found {
    std::vector<StoredCheckpoint> checkpoints;
    std::vector<VoidNumber> voids;

    std::vector<CheckpointCandidate> candidates() const;
  };

  void make_directories(StoreLock::Mode mode);
  void require_directories() const;
  void refuse_newer_formats() const;
  Found look() const;
  StoredCheckpoint look_at(std::uint64_t number) const;
  Manifest read_manifest(std::uint64_t number) const;
  void check_data_files(const DataNeeds& needs) const;
  void remove_leftovers_below(std::uint64_t number) const;
  Condition condition_of(std::uint64_t number);
  const KnownManifest& known(std::uint64_t number);
  bool is_void(std::uint64_t number);
  void remove_manifests_below(std::uint64_t number, PruneResult& result);
  void remove_unused_data(const std::vector<std::uint64_t>& kept, PruneResult& result) const;

  StoreLayout layout_;
  Log log_;
  std::shared_ptr<CheckpointFiles> files_;
  std::optional<StoreLock> lock_;
  std::uint64_t writer_;     ///< see Manifest::writer
  std::uint64_t begun_ = 0;  ///< the highest number given to a writer
  /// By the number of a checkpoint, as `prune` last saw it.
  std::map<std::uint64_t, KnownManifest> known_;
};

}  // namespace wallaroo::internal
