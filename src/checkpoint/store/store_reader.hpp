// Reading the state of a checkpoint.
#pragma once

#include <cstddef>
#include <string>

#include "checkpoint/store/manifest.hpp"
#include "checkpoint/store/store_layout.hpp"

namespace wallaroo::internal {

/// Reads blocks of a checkpoint in any order, from any number of threads. The files must not be
/// pruned meanwhile: the process that restores holds the lock of the directory.
class CheckpointReader {
 public:
  /// The manifest must outlive the reader.
  CheckpointReader(StoreLayout layout, const Manifest& manifest);

  /// The raw bytes of `manifest.blocks[index]`, exactly as they were appended. Throws DamagedError
  /// or IoError, which say which file, where in it, and of which checkpoint.
  std::string block(std::size_t index) const;

 private:
  StoreLayout layout_;
  const Manifest& manifest_;
};

}  // namespace wallaroo::internal
