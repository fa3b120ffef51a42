// The file operations of a sink that commits: durable, and with failpoints around them.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "io/file_descriptor.hpp"

namespace wallaroo::internal {

/// Each step waits for the disk where it has to. Throws IoError that says which sink could not do
/// what to which file, and what to do about it.
class FileSteps {
 public:
  /// `who` begins messages: "sink 'totals'".
  explicit FileSteps(std::string who) : who_(std::move(who)) {}

  const std::string& who() const { return who_; }

  /// Returns an empty descriptor if there is no such file.
  FileDescriptor open_for_reading(const std::string& path) const;
  /// Makes the file if there is none.
  FileDescriptor open_for_writing(const std::string& path) const;
  std::uint64_t size(const FileDescriptor& file, const std::string& path) const;

  /// Throws if the file has fewer bytes.
  std::string read(const FileDescriptor& file, std::uint64_t offset, std::uint64_t bytes,
                   const std::string& path) const;

  void sync(int file, const std::string& path) const;
  /// Makes the names of the files in a directory durable.
  void sync_directory(const std::string& path) const;
  /// Cuts off what goes beyond `bytes`, durably.
  void truncate(const FileDescriptor& file, std::uint64_t bytes, const std::string& path) const;
  /// A file that is not there is no error.
  void remove(const std::string& path) const;

  struct Range {
    const FileDescriptor& file;
    std::uint64_t offset;
  };
  /// Repeating it, even after half of it was done, has the same result. `path` is that of `to`.
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
