// Keeps track of the files that sources and sinks use, so that none writes to a file of another.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "io/file_id.hpp"

namespace wallaroo::internal {

/// The files that one sink writes. "-" is standard output.
struct WrittenFiles {
  std::vector<std::string> paths = {};
  /// Unless empty, adds all paths that are this one followed by a dot and at least six digits.
  std::string sequence = {};
};

/// Is given all sources and sinks of files, and refuses a file that one of them writes and another
/// one uses. Files are compared by identity, so links, other spellings and descriptors under /proc
/// lead to the same file; files that do not exist yet count as well. Devices may be shared, and a
/// pipe or socket may be read by one and written by another.
class FileUsers {
 public:
  /// Add the files of a sink or source; `who` names it in messages, as in "source 'lines'". Throw
  /// ConfigError that names both users and their paths. Add all writers before the readers.
  void add_writer(const std::string& who, const WrittenFiles& files);
  void add_reader(const std::string& who, const std::vector<std::string>& paths) const;

 private:
  struct Use {
    std::string who;
    std::string path;
  };
  struct Sequence {
    FileId base;
    Use use;
  };

  void add_path(const Use& use);
  void add_sequence(const Use& use);
  const Use* sequence_with(const FileId& place) const;

  std::map<FileId, Use> written_;
  std::vector<Sequence> sequences_;
};

}  // namespace wallaroo::internal
