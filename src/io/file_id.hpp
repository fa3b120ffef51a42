// Finds the file to which a path leads, however it is spelled.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

namespace wallaroo::internal {

/// The identity of a file: device and inode if it exists, otherwise those of its directory, and its
/// name. Two paths with equal places lead to one file.
struct FileId {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::string name = {};  ///< empty for a file that exists

  friend auto operator<=>(const FileId&, const FileId&) = default;
};

enum class FileKind {
  regular,
  absent,   ///< does not exist yet
  channel,  ///< pipe or socket
  other,    ///< device or directory
};

struct FileIdAndKind {
  FileId place;
  FileKind kind = FileKind::regular;
};

/// Follows symbolic links, also those to files that do not exist yet. Returns nothing when the
/// directory does not exist or may not be read.
std::optional<FileIdAndKind> find_file_id(const std::string& path);
std::optional<FileIdAndKind> find_file_id(int descriptor);
/// Returns the place that the file has while it does not exist: its directory and its name.
std::optional<FileId> find_place_of_name(const std::string& path);

}  // namespace wallaroo::internal
