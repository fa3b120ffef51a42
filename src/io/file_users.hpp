// Who reads and writes which files, so that nobody writes to what another one uses.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "io/file_place.hpp"

namespace wallaroo::internal {

/// Files that are written: "-" is standard output.
struct WrittenFiles {
  std::vector<std::string> paths = {};
  /// When not empty: the paths that begin with this one, a dot and at least six digits, too.
  std::string sequence = {};
};

/// Told of everybody; refuses a file that one of them writes and another one uses, by what it is:
/// links, other spellings and descriptors under /proc lead to the same file. Files that are not
/// there yet count as well. Devices may be shared, pipes and sockets be read by one and written by
/// another.
class FileUsers {
 public:
  /// `who` is as in messages: "source 'lines'". Throw ConfigError, naming both and their paths.
  /// All writers are told before the readers.
  void add_writer(const std::string& who, const WrittenFiles& files);
  void add_reader(const std::string& who, const std::vector<std::string>& paths) const;

 private:
  struct Use {
    std::string who;
    std::string path;
  };
  struct Sequence {
    FilePlace base;
    Use use;
  };

  void add_path(const Use& use);
  void add_sequence(const Use& use);
  const Use* sequence_with(const FilePlace& place) const;

  std::map<FilePlace, Use> written_;
  std::vector<Sequence> sequences_;
};

}  // namespace wallaroo::internal
