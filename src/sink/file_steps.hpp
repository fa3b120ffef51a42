// The steps by which files become what they have to be after a crash.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "io/file_descriptor.hpp"

namespace wallaroo::internal {

/// Each step waits for the disk where it has to, and throws IoError, saying which sink could not do
/// what to which file, and what to do about it.
class FileSteps {
 public:
  /// `who` begins messages: "sink 'totals'".
  explicit FileSteps(std::string who) : who_(std::move(who)) {}

  const std::string& who() const { return who_; }

  /// An empty descriptor when there is no such file.
  FileDescriptor open_for_reading(const std::string& path) const;
  /// Makes the file when there is none.
  FileDescriptor open_for_writing(const std::string& path) const;
  std::uint64_t size(const FileDescriptor& file, const std::string& path) const;

  /// Throws when there are fewer.
  std::string read(const FileDescriptor& file, std::uint64_t offset, std::uint64_t bytes,
                   const std::string& path) const;

  void sync(int file, const std::string& path) const;
  /// The names of the files in it.
  void sync_directory(const std::string& path) const;
  /// Cuts off what goes beyond `bytes`, durably.
  void truncate(const FileDescriptor& file, std::uint64_t bytes, const std::string& path) const;
  /// A file that is not there is no error.
  void remove(const std::string& path) const;

  struct Range {
    const FileDescriptor& file;
    std::uint64_t offset;
  };
  /// Doing it again, also after half of it was done, leads to the same. `path` is of `to`.
  void copy(Range from, Range to, std::uint64_t bytes, const std::string& path) const;

 private:
  struct Attempt {
    const char* action;
    const std::string& path;
  };
  /// `error` is an errno, or 0.
  void require(int error, const Attempt& attempt) const;
  FileDescriptor open(const std::string& path, int flags) const;

  std::string who_;
};

}  // namespace wallaroo::internal
