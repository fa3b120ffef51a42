// Files whose content survives a crash of the machine, and errors when it would not.
//
// A file is durable when its bytes and its name are: after `sync`, and `sync_directory` for the
// directory that holds it. Everything here throws IoError, which names the file and what to do.
//
// `steps` names the failpoints around each step: those of "store.data" are store.data.write.before
// and so on; the steps are create, write, fsync, rename, truncate, remove and directory.fsync.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/failpoint.hpp"
#include "io/file_descriptor.hpp"

namespace wallaroo::internal {

/// A file that is appended to. After a write or sync that failed it is not known what is on the
/// disk (the kernel reports a lost write only once), so everything that follows fails as well.
class DurableFile {
 public:
  /// A new file; one that exists is an error.
  static DurableFile create(const std::filesystem::path& path, FailpointGroup steps);
  /// A file that is there, or a new one; what is appended comes behind what it has.
  static DurableFile open(const std::filesystem::path& path, FailpointGroup steps);

  void append(std::string_view bytes);
  /// Cuts off what lies behind `size` bytes.
  void truncate(std::uint64_t size);
  /// Returns when the bytes are on the disk.
  void sync();
  /// Without a sync nothing is promised.
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

/// Makes `path` a file of these bytes, at once and durably, whatever was there before: a reader
/// sees the old content or the new. Uses `path` + ".tmp". An error from the step directory.fsync on
/// means that the new content is there, but may not survive a loss of power.
void publish_file(const std::filesystem::path& path, std::string_view bytes, FailpointGroup steps);

/// Makes names durable: of files made, renamed or removed in the directory.
void sync_directory(const std::filesystem::path& path, FailpointGroup steps);

/// Durably; one that is there already is none the worse.
void create_directory_durably(const std::filesystem::path& path);

/// Not yet durably. A file that is not there is no error.
void remove_file(const std::filesystem::path& path, FailpointGroup steps);

/// "cannot DOING 'PATH': no space left on device; free some space ...".
std::string file_error(std::string_view doing, const std::filesystem::path& path, int error);

}  // namespace wallaroo::internal
