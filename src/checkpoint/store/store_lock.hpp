// The lock of a checkpoint directory: a single process keeps all others out.
#pragma once

#include <filesystem>

#include "io/file_descriptor.hpp"

namespace wallaroo::internal {

/// Holds an flock on a file that says who holds it. The kernel releases it when the process ends,
/// however it ends.
class StoreLock {
 public:
  enum class Mode {
    exclusive,
    shared  ///< with the other workers of a cluster on this machine
  };

  /// Makes the file if need be. Throws IoError that names the holder if another process has the
  /// lock, and not both share it.
  StoreLock(const std::filesystem::path& path, Mode mode);

 private:
  FileDescriptor fd_;
};

}  // namespace wallaroo::internal
