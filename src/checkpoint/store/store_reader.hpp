// Reading the state of a checkpoint.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "checkpoint/files/checkpoint_files.hpp"
#include "checkpoint/store/manifest.hpp"

namespace wallaroo::internal {

/// Reads blocks of a checkpoint in any order, from any number of threads. The files must not be
/// pruned meanwhile: the process that restores holds the lock of the directory.
class CheckpointReader {
 public:
  /// The manifest must outlive the reader.
  CheckpointReader(std::shared_ptr<CheckpointFiles> files, const Manifest& manifest)
      : files_(std::move(files)), manifest_(manifest) {}

  /// The raw bytes of `manifest.blocks[index]`, exactly as they were appended. Throws DamagedError
  /// or IoError, which say which file, where in it, and of which checkpoint.
  std::string block(std::size_t index) const;

 private:
  std::shared_ptr<CheckpointFiles> files_;
  const Manifest& manifest_;
};

}  // namespace wallaroo::internal
