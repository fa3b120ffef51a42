// What a file source reads, and from where on.
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

/// One of a source's files, and where reading it begins.
struct FileSpot {
  std::string path;  ///< as the source was given it
  /// What is read in turn: the file, and after a rotation those that took its name since.
  std::vector<std::string> files;
  std::optional<FilePosition> position = {};  ///< in the first of `files`; empty: its beginning
};

/// A file that the source has been given, when files are read side by side.
struct FileShare {
  std::string key;  ///< of its position in checkpoints: the path, different for each share
  FileSpot spot;
  bool finished = false;
};

/// Belongs to its source; its connector reads it.
struct FilePlan {
  std::string source;
  std::vector<std::string> paths;
  std::uint64_t repeat = 1;  ///< 0: for ever
  Framer framer;
  bool event_time = false;  ///< each partition has a clock of its own
  bool in_order = false;    ///< nevertheless one after the other
  /// Each file is a partition of its own, and the one that is furthest behind in event time is read
  /// next; otherwise they are read one after the other.
  bool merge = false;
  bool restored = false;
  /// When they are read one after the other: where in all.
  std::optional<FilePosition> resume = {};
  FileSpot resume_spot = {};  ///< if that is inside of a file
  /// Paths that lead to files of the spot, so are not read in that pass once more.
  std::set<std::size_t> in_spot = {};
  /// When they are merged.
  std::vector<FileShare> shares = {};
};

}  // namespace wallaroo::internal
