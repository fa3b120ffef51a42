// The state that one worker saves for a checkpoint.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/log.hpp"
#include "checkpoint/files/checkpoint_files.hpp"
#include "checkpoint/store/data_file.hpp"
#include "checkpoint/store/manifest.hpp"

namespace wallaroo::internal {

/// A data file, and what is where in it.
struct SavedState {
  ManifestFile file;
  std::vector<ManifestBlock> blocks;      ///< their `file` is not set yet
  std::vector<ManifestSection> sections;  ///< `block` is an index into `blocks`
};

/// Writes the data file of one worker for one checkpoint. Functions throw IoError. The destructor
/// abandons a file that was not finished.
class StateFile {
 public:
  StateFile(std::shared_ptr<CheckpointFiles> files, const DataFileId& id, Log log);
  StateFile(StateFile&& other) noexcept;
  StateFile& operator=(StateFile&&) = delete;
  StateFile(const StateFile&) = delete;
  StateFile& operator=(const StateFile&) = delete;
  ~StateFile() { abandon(); }

  const DataFileId& id() const { return id_; }
  /// The bytes of the file so far, with headers. Valid after the end, too.
  std::uint64_t written_bytes() const { return written_bytes_; }

  void append(const StateBlock& block);
  /// Returns what was appended when all of it is on the disk. From here on sinks may know the
  /// checkpoint's number, so the file stays.
  SavedState finish();
  /// Removes the file. Does nothing when it is finished.
  void abandon() noexcept;

 private:
  std::shared_ptr<CheckpointFiles> files_;
  DataFileId id_;
  Log log_;
  std::optional<DataFileWriter> data_;
  std::vector<ManifestBlock> blocks_;
  std::vector<ManifestSection> sections_;
  std::uint64_t written_bytes_ = 0;
};

}  // namespace wallaroo::internal
