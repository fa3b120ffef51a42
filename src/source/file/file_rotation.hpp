// Finds the file of a position under its present name, and the files that took its name since.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "source/file/file_position.hpp"

namespace wallaroo::internal {

struct FoundFile {
  std::string path;  ///< the present path of the position's file
  /// Files that took its name later, oldest first; the configured path is the last of them. Empty
  /// if the file still has its name.
  std::vector<std::string> followers = {};
};

/// Whether the path leads to the position's file, by device, inode and the bytes read of it.
bool is_file_of(const std::string& path, const FilePosition& position);

/// Finds another path in the same directory for the file with that device and inode.
std::optional<std::string> find_renamed(const std::string& path, const FileIdentity& identity);

/// Finds the file of a position that is inside of a file: the first of these that fits.
/// 1. a file with its device and inode: at the path itself, at another one of `paths`, or under any
///    name in the same directory (log rotation by renaming);
/// 2. a file at the path itself with the same bytes (a copy);
/// 3. a file in the same directory with the same bytes, whose name is the path's with a number or a
///    date, as log rotation gives it (copy and truncate).
/// A file fits if its beginning and the bytes before the position are those that were read. Throws
/// IoError that says what is different and what to do.
FoundFile find_file(const FilePosition& position, const std::vector<std::string>& paths);

}  // namespace wallaroo::internal
