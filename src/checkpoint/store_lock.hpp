// One process at a time in a checkpoint directory.
#pragma once

#include <filesystem>

#include "io/file_descriptor.hpp"

namespace wallaroo::internal {

/// Holds an exclusive flock of a file that says who holds it. The kernel lets go of it when the
/// process ends, however it ends.
class StoreLock {
 public:
  /// Makes the file if need be. Throws IoError, with the process that holds it, when somebody does.
  explicit StoreLock(const std::filesystem::path& path);

 private:
  FileDescriptor fd_;
};

}  // namespace wallaroo::internal
