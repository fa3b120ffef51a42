// The vote of a file sink: how to finish a transaction, also in another process.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sink/file/file_roll.hpp"

namespace wallaroo::internal {

/// Bytes of a part file that belong at a place of a final file.
struct FilePiece {
  std::string part = {};  ///< the part file's name, beside the final file
  std::uint64_t part_offset = 0;
  std::uint64_t file = 0;  ///< index of the final file
  std::uint64_t file_offset = 0;
  std::uint64_t bytes = 0;

  friend bool operator==(const FilePiece&, const FilePiece&) = default;
};

/// Recognizes the last file of a transaction, wherever it was moved.
struct FileProof {
  static constexpr std::uint64_t max_sample_bytes = 64 * 1024;

  std::uint64_t device = 0;
  std::uint64_t inode = 0;  ///< 0: the file was not there when the transaction was prepared
  std::uint64_t sample_bytes = 0;
  std::uint64_t head_hash = 0;  ///< of `sample_bytes` at the beginning; XXH3, 64 bits
  std::uint64_t tail_hash = 0;  ///< likewise, of those before the end

  friend bool operator==(const FileProof&, const FileProof&) = default;
};

struct FileTransaction {
  std::string path;                     ///< as the sink was given it
  std::vector<FilePiece> pieces;        ///< in the order of the records
  FileEnd end;                          ///< once they are committed
  std::optional<FileProof> proof = {};  ///< empty: an older version wrote it

  friend bool operator==(const FileTransaction&, const FileTransaction&) = default;
};

/// Format: a byte for the version (2), then integers, little-endian: `end` (index, bytes and begun,
/// u64 each), the length (u32) and bytes of `path`, the number of pieces (u32), and of each the
/// length (u32) and bytes of `part`, then part_offset, file, file_offset and bytes (u64 each); then
/// the proof: device, inode, sample_bytes, head_hash and tail_hash (u64 each). Version 1, which is
/// read as well and written without a proof, ends before it.
std::string encode(const FileTransaction& transaction);
/// Throws IoError if the bytes are anything else.
FileTransaction decode_file_transaction(std::string_view bytes);

}  // namespace wallaroo::internal
