// Where a file source is, such that another process can go on there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wallaroo::internal {

/// Tells a file from another one that took its name.
struct FileIdentity {
  /// How much of a file's beginning, and of what is before the position, is looked at.
  static constexpr std::uint64_t max_sample_bytes = 64 * 1024;

  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t sample_bytes = 0;  ///< of the beginning, all of which had been read
  std::uint64_t sample_hash = 0;   ///< XXH3, 64 bits
  /// Of the bytes just before the position: a file that was truncated and has grown again may well
  /// begin as before. 0 when the first sample includes them.
  std::uint64_t tail_bytes = 0;
  std::uint64_t tail_hash = 0;

  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

struct FilePosition {
  bool finished = false;        ///< nothing follows
  bool own = false;             ///< of one file of several that are read side by side
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

/// Format: a byte for the version (2); a byte with `finished`, `pass_had_bytes`, `inside` and `own`
/// in its bits 0, 1, 2 and 3; then, as integers of 8 bytes, little-endian: passes, path_index,
/// offset_bytes, records, device, inode, sample_bytes, sample_hash, tail_bytes, tail_hash; then the
/// path, to the end. Version 1, which is read as well, is without tail_bytes and tail_hash.
std::string encode(const FilePosition& position);
/// Throws IoError when the bytes are anything else.
FilePosition decode_file_position(std::string_view bytes);

/// Of an open regular file, `offset_bytes` of which were read. Throws IoError. `known` is what was
/// found at an earlier position of the same file: what cannot have changed is not read again.
FileIdentity identify(int file, std::uint64_t offset_bytes, const FileIdentity& known = {});

/// Whether the path leads to the file with that device and inode.
bool is_file(const std::string& path, const FileIdentity& identity);
/// How the bytes of an open file, which has at least `offset_bytes`, differ from those that were
/// read up to the position; empty when they do not. Throws IoError.
std::string content_difference(int file, const FilePosition& position);

}  // namespace wallaroo::internal
