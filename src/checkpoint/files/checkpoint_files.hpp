// The files of checkpoints, wherever they are: what a place must be able to do to hold them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wallaroo::internal {

/// A file that is being written. Until `finish` it may be seen or not, with any part of its bytes.
/// One that is destroyed before that, or whose process dies, may stay.
class AppendedFile {
 public:
  virtual ~AppendedFile() = default;

  /// Throws IoError; then the file cannot be finished any more.
  virtual void append(std::string_view bytes) = 0;
  /// Returns when the file is durable under its name. Throws IoError.
  virtual void finish() = 0;
  /// Removes the file. Throws IoError.
  virtual void give_up() = 0;
};

struct FoundFile {
  std::string name;
  std::uint64_t bytes = 0;
  std::int64_t changed = 0;  ///< another value after the file was replaced by another one
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
  /// Throws if there is a file of that name.
  virtual std::unique_ptr<AppendedFile> append(const std::string& name) = 0;
  /// Returns `bytes` bytes from `offset` on, fewer only at the end of the file.
  virtual std::string read(const std::string& name, std::uint64_t offset, std::uint64_t bytes) = 0;
  /// Nothing: there is no such file.
  virtual std::optional<FoundFile> find(const std::string& name) = 0;
  /// Lists the files of a folder, such as "manifests", in the order of their names. A file that is
  /// there from before the call until after it is listed.
  virtual std::vector<FoundFile> list(const std::string& folder) = 0;
  /// Lists the files of processes that died while they created one. Each is called like the file
  /// that it would have become, with a suffix.
  virtual std::vector<std::string> leftovers(const std::string& folder) = 0;
  /// Makes durable what was created in a folder. A name that another process has just made may be
  /// visible before it is durable. Whoever acts upon it must not lose it.
  virtual void settle(const std::string& folder) = 0;
  /// Removes files of one folder, in this order. On return none of them can come back. A file that
  /// is not there is no error.
  virtual void remove(const std::vector<std::string>& names) = 0;
  /// Tries out whether `create` excludes others here. Without that, a place is for one process.
  virtual bool fences() = 0;
  /// The file in quotes, as messages show it.
  virtual std::string shown(const std::string& name) const = 0;
};

/// Returns the whole file; nothing: there is none.
std::optional<std::string> read_whole(CheckpointFiles& files, const std::string& name);

}  // namespace wallaroo::internal
