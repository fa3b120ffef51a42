// Which file a path leads to, however it is spelled.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

namespace wallaroo::internal {

/// A file that is there, by its device and inode; or one that is not there yet, by the directory
/// that it will be in and its name. Two paths of one place lead to one file.
struct FilePlace {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::string name = {};  ///< of one that is not there yet

  friend auto operator<=>(const FilePlace&, const FilePlace&) = default;
};

enum class FileKind {
  regular,
  absent,   ///< not there yet
  channel,  ///< pipe or socket
  other,    ///< device or directory
};

struct FilePlaceAndKind {
  FilePlace place;
  FileKind kind = FileKind::regular;
};

/// Follows symbolic links, also to what is not there yet. No value when the directory is not there,
/// or nothing can be seen.
std::optional<FilePlaceAndKind> find_place(const std::string& path);
std::optional<FilePlaceAndKind> find_place(int descriptor);
/// As if the file were not there: its directory and its name.
std::optional<FilePlace> find_place_of_name(const std::string& path);

}  // namespace wallaroo::internal
