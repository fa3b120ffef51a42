// Where the file of a position is by now, and what was written under its name since.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "source/file/file_position.hpp"

namespace wallaroo::internal {

struct FoundFile {
  std::string path;  ///< of the position's file
  /// Files that took its name later, oldest first; the configured path is the last of them. Empty
  /// when the file still has its name.
  std::vector<std::string> followers = {};
};

/// Whether the path leads to the position's file: its device and inode, and what was read of it.
bool is_file_of(const std::string& path, const FilePosition& position);

/// Another path in the same directory under which the file with that device and inode is now.
std::optional<std::string> find_renamed(const std::string& path, const FileIdentity& identity);

/// Finds the file of a position that is inside of one. The first of these that fits is it:
/// 1. a file with its device and inode: at the path itself, at another one of `paths`, or under any
///    name in the same directory (log rotation by renaming);
/// 2. a file at the path itself with the same bytes (a copy);
/// 3. a file in the same directory with the same bytes, whose name is the path's with a number or a
///    date, as log rotation gives it (copy and truncate).
/// "Fits" means: the beginning and the bytes before the position are those that were read. Throws
/// IoError, saying what is different and what to do.
FoundFile find_file(const FilePosition& position, const std::vector<std::string>& paths);

}  // namespace wallaroo::internal
