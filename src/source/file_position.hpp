// Where a file source is, such that another process can go on there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wallaroo::internal {

/// Tells a file from another one that took its name.
struct FileIdentity {
  /// How much of a file's beginning is looked at.
  static constexpr std::uint64_t max_sample_bytes = 64 * 1024;

  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t sample_bytes = 0;  ///< of the beginning, all of which had been read
  std::uint64_t sample_hash = 0;   ///< XXH3, 64 bits

  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

struct FilePosition {
  bool finished = false;        ///< nothing follows
  std::uint64_t passes = 0;     ///< complete ones
  bool pass_had_bytes = false;  ///< this one
  std::uint64_t path_index = 0;
  std::string path = {};  ///< empty: the pass is complete
  /// False: the file's beginning, or whatever a pipe gives next; what follows then means nothing.
  bool inside = false;
  std::uint64_t offset_bytes = 0;  ///< where the next record begins
  std::uint64_t records = 0;       ///< before it
  FileIdentity identity = {};

  friend bool operator==(const FilePosition&, const FilePosition&) = default;
};

/// Format: a byte for the version (1); a byte with `finished`, `pass_had_bytes` and `inside` in its
/// bits 0, 1 and 2; then, as integers of 8 bytes, little-endian: passes, path_index, offset_bytes,
/// records, device, inode, sample_bytes, sample_hash; then the path, to the end.
std::string encode(const FilePosition& position);
/// Throws IoError when the bytes are anything else.
FilePosition decode_file_position(std::string_view bytes);

/// Of an open regular file, `offset_bytes` of which were read. Throws IoError.
FileIdentity identify(int file, std::uint64_t offset_bytes);

/// The path under which the file of a position that is inside of one is now: its own, also when it
/// is a copy; or, if another file has taken that (log rotation), another one of `paths` or a
/// name in the same directory. Throws IoError, saying what is different and what to do.
std::string find_file(const FilePosition& position, const std::vector<std::string>& paths);

}  // namespace wallaroo::internal
