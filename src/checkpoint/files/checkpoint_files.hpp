// The files of checkpoints, wherever they are: what a place must be able to do to hold them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace wallaroo::internal {

/// A file that is being written. Nobody sees it before `finish`. One that is destroyed before that
/// never existed.
class AppendedFile {
 public:
  virtual ~AppendedFile() = default;

  /// Throws IoError; then the file cannot be finished any more.
  virtual void append(std::string_view bytes) = 0;
  /// Returns when the file is durable under its name. Throws IoError, also if the name is taken.
  virtual void finish() = 0;
};

struct FoundFile {
  std::string name;
  std::uint64_t bytes = 0;
};

/// A place that several processes may write to: a directory that all of them see, or an object
/// store. Names are relative, with '/' between their parts, such as
/// "manifests/000000000042.manifest". Every function may block, and throws IoError. May be used by
/// several threads.
class CheckpointFiles {
 public:
  virtual ~CheckpointFiles() = default;

  /// Creates a file with these bytes, unless there is one of that name. Durable on return. Of all
  /// processes that try, one gets true; but where an answer can be lost, also the one that created
  /// it may get false, so read it and compare. An exception leaves open whether the file exists, or
  /// will.
  virtual bool create(const std::string& name, std::string_view bytes) = 0;
  virtual std::unique_ptr<AppendedFile> append(const std::string& name) = 0;
  /// Returns `bytes` bytes from `offset` on, fewer only at the end of the file.
  virtual std::string read(const std::string& name, std::uint64_t offset, std::uint64_t bytes) = 0;
  /// Lists the files of a folder, such as "manifests", in the order of their names. A file that is
  /// there from before the call until after it is listed. What is listed is durable.
  virtual std::vector<FoundFile> list(const std::string& folder) = 0;
  /// A file that is not there is no error.
  virtual void remove(const std::string& name) = 0;
  /// Tries out whether `create` excludes others here. Without that, a place is for one process.
  virtual bool fences() = 0;
};

}  // namespace wallaroo::internal
