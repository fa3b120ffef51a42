// The lock that lets one process at a time into a checkpoint directory.
#pragma once

#include <filesystem>

#include "io/file_descriptor.hpp"

namespace wallaroo::internal {

/// Holds an exclusive flock on a file that says who holds it. The kernel releases it when the
/// process ends, however it ends.
class StoreLock {
 public:
  /// Makes the file if need be. Throws IoError that names the holder if another process has the
  /// lock.
  explicit StoreLock(const std::filesystem::path& path);

 private:
  FileDescriptor fd_;
};

}  // namespace wallaroo::internal
