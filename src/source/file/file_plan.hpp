// The plan of a file source: what it reads, and from where on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "source/file/file_position.hpp"
#include "source/framer.hpp"

namespace wallaroo::internal {

/// A file of the source, and the place where reading it begins.
struct FileSpot {
  std::string path;  ///< as it was given to the source
  /// Read in turn: the file, and after a rotation the files that took its name since.
  std::vector<std::string> files;
  std::optional<FilePosition> position = {};  ///< in the first of `files`; empty: its beginning
};

/// A file of a source that reads its files side by side.
struct FileShare {
  std::string key;  ///< names its position in checkpoints: the path, unique among shares
  FileSpot spot;
  bool finished = false;
};

/// The source owns it; its reader reads it.
struct FilePlan {
  std::string source;
  std::vector<std::string> paths;
  std::uint64_t repeat = 1;  ///< 0: for ever
  Framer framer;
  bool event_time = false;  ///< each partition has a clock of its own
  bool in_order = false;    ///< files are nevertheless read one after the other
  /// Each file is a partition of its own, and the one furthest behind in event time is read next.
  /// Otherwise the files are read one after the other.
  bool merge = false;
  bool restored = false;
  /// If files are read one after the other: the restored position in the whole of them.
  std::optional<FilePosition> resume = {};
  FileSpot resume_spot = {};  ///< used if `resume` is inside of a file
  /// Paths that lead to files of `resume_spot`, and so are not read again in that pass.
  std::set<std::size_t> in_spot = {};
  /// If files are merged.
  std::vector<FileShare> shares = {};
};

}  // namespace wallaroo::internal
