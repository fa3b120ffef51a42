// The position of a file source, from which another process can go on.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wallaroo::internal {

/// Tells a file from another one that took its name.
struct FileIdentity {
  /// The most bytes that are hashed at the beginning of a file, and before the position.
  static constexpr std::uint64_t max_sample_bytes = 64 * 1024;

  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t sample_bytes = 0;  ///< at the beginning; all of them had been read
  std::uint64_t sample_hash = 0;   ///< XXH3, 64 bits
  /// The number of bytes just before the position that are hashed, too, because a file that was
  /// truncated and has grown again may begin as before. 0 if the first sample includes them.
  std::uint64_t tail_bytes = 0;
  std::uint64_t tail_hash = 0;

  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

struct FilePosition {
  bool finished = false;        ///< nothing follows
  bool own = false;             ///< of one of several files that are read side by side
  std::uint64_t passes = 0;     ///< complete passes
  bool pass_had_bytes = false;  ///< in the current pass
  std::uint64_t path_index = 0;
  std::string path = {};  ///< empty: the pass is complete
  /// False: at the file's beginning, or at whatever a pipe gives next. The members below then mean
  /// nothing.
  bool inside = false;
  std::uint64_t offset_bytes = 0;  ///< where the next record begins
  std::uint64_t records = 0;       ///< before the position
  FileIdentity identity = {};

  friend bool operator==(const FilePosition&, const FilePosition&) = default;
};

/// Format: a byte for the version (2); a byte with `finished`, `pass_had_bytes`, `inside` and `own`
/// in its bits 0, 1, 2 and 3; then, as integers of 8 bytes, little-endian: passes, path_index,
/// offset_bytes, records, device, inode, sample_bytes, sample_hash, tail_bytes, tail_hash; then the
/// path, to the end. Version 1, which is read as well, is without tail_bytes and tail_hash.
std::string encode(const FilePosition& position);
/// Throws IoError if the bytes are anything else.
FilePosition decode_file_position(std::string_view bytes);

/// Identifies an open regular file of which `offset_bytes` were read. `known` was found at an
/// earlier position of the same file: hashes that still hold are not computed again. Throws
/// IoError.
FileIdentity identify(int file, std::uint64_t offset_bytes, const FileIdentity& known = {});

/// Whether the path leads to the file with that device and inode.
bool is_file(const std::string& path, const FileIdentity& identity);
/// Describes how the bytes of an open file differ from those that were read up to the position;
/// empty if they do not. Requires that the file has at least `offset_bytes`. Throws IoError.
std::string content_difference(int file, const FilePosition& position);

}  // namespace wallaroo::internal
