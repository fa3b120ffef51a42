// What a file sink votes with: how to finish a transaction, also in another process.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sink/file_roll.hpp"

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

struct FileTransaction {
  std::string path;               ///< as the sink was given it, for messages
  std::vector<FilePiece> pieces;  ///< in the order of the records
  FileEnd end;                    ///< once they are committed

  friend bool operator==(const FileTransaction&, const FileTransaction&) = default;
};

/// Format: a byte for the version (1), then integers, little-endian: `end` (index, bytes and begun,
/// u64 each), the length (u32) and bytes of `path`, the number of pieces (u32), and of each the
/// length (u32) and bytes of `part`, then part_offset, file, file_offset and bytes (u64 each).
std::string encode(const FileTransaction& transaction);
/// Throws IoError when the bytes are anything else.
FileTransaction decode_file_transaction(std::string_view bytes);

}  // namespace wallaroo::internal
