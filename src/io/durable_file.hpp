// Files whose content survives a crash of the machine.
//
// A file is durable when its bytes and its name are: after `sync`, and `sync_directory` for the
// directory that holds it. Every function throws IoError, which names the file and what to do.
//
// `steps` names the failpoints around each step, such as store.data.write.before for "store.data".
// The steps are create, write, fsync, rename, truncate, remove and directory.fsync.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/failpoint.hpp"
#include "io/file_descriptor.hpp"

namespace wallaroo::internal {

/// A file to which bytes are appended. After a failed write or sync its content on the disk is not
/// known (the kernel reports a lost write only once), so every later call fails as well.
class DurableFile {
 public:
  /// Creates a file. One that exists is an error.
  static DurableFile create(const std::filesystem::path& path, FailpointGroup steps);
  /// Opens a file at its end, or creates it.
  static DurableFile open(const std::filesystem::path& path, FailpointGroup steps);

  void append(std::string_view bytes);
  /// Cuts the file to `size` bytes.
  void truncate(std::uint64_t size);
  /// Returns when the bytes are on the disk.
  void sync();
  /// Closes the file. Bytes that were not synced may be lost.
  void close();

  std::uint64_t size() const { return size_; }
  const std::filesystem::path& path() const { return path_; }

 private:
  DurableFile(std::filesystem::path path, FailpointGroup steps, int flags);

  void require_sound() const;
  [[noreturn]] void fail(std::string_view doing, int error);
  int write_all(std::string_view bytes);

  std::filesystem::path path_;
  FailpointGroup steps_;
  FileDescriptor fd_;
  std::uint64_t size_ = 0;
  std::string failure_;  ///< empty while the file is sound
};

/// Creates the file `path` with these bytes, atomically and durably, unless there is a file of that
/// name: then nothing changes, and the result is false. Of several processes that try, also on
/// several machines with a common file system, one gets true. Uses a temporary file beside it with
/// a name of its own. The step that gives the file its name is called rename.
bool create_file(const std::filesystem::path& path, std::string_view bytes, FailpointGroup steps);

/// Gives the durable file `temporary` the name `path`, durably, unless there is a file of that
/// name: then the result is false. The temporary name is gone in both cases.
bool give_name(const std::filesystem::path& temporary, const std::filesystem::path& path,
               FailpointGroup steps);

/// Returns `path` with a suffix that no other process uses.
std::filesystem::path temporary_name(const std::filesystem::path& path);

/// Makes the names of files that were made, renamed or removed in the directory durable.
void sync_directory(const std::filesystem::path& path, FailpointGroup steps);

/// Creates a directory durably. One that exists is not an error.
void create_directory_durably(const std::filesystem::path& path);

/// Removes a file; call `sync_directory` to make that durable. A file that is not there is not an
/// error.
void remove_file(const std::filesystem::path& path, FailpointGroup steps);

/// Returns "cannot DOING 'PATH': no space left on device; free some space ...".
std::string file_error(std::string_view doing, const std::filesystem::path& path, int error);

}  // namespace wallaroo::internal
