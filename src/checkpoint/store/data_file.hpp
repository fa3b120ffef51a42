// Data files hold compressed blocks of state. Their format: docs/formats/checkpoint.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "checkpoint/files/checkpoint_files.hpp"
#include "checkpoint/store/manifest.hpp"

namespace wallaroo::internal {

/// The bytes before the first block.
std::uint64_t data_file_header_bytes(const DataFileId& file);
inline constexpr std::uint64_t block_header_bytes = 24;
/// The most bytes of one block before compression; this is the limit of LZ4.
inline constexpr std::uint64_t most_block_bytes = 0x7E000000;

/// Where the block ends in its file.
inline std::uint64_t end_of(const ManifestBlock& block) {
  return block.offset + block_header_bytes + block.stored_bytes;
}

/// A data file that is being written. Throws IoError.
class DataFileWriter {
 public:
  DataFileWriter(CheckpointFiles& files, const DataFileId& id);

  /// Compresses and appends `raw`. Returns where the block is; its `file` is 0.
  ManifestBlock append(std::string_view raw);
  /// Returns when the file is durable. Nothing can be appended any more.
  void finish() { file_->finish(); }
  /// Removes the file.
  void give_up() { file_->give_up(); }
  std::uint64_t size() const { return size_; }

 private:
  void write(std::string_view bytes);

  std::unique_ptr<AppendedFile> file_;
  std::uint64_t size_ = 0;
  std::string buffer_;
};

/// Checks the header of a data file and returns the file's size. Throws DamagedError when the file
/// is missing or is another one, IoError when it cannot be read.
std::uint64_t check_data_file(CheckpointFiles& files, const DataFileId& id);

/// Returns the raw bytes of a block, exactly as they were appended. Throws DamagedError with file
/// and offset when they are missing or have changed, IoError when they cannot be read. Any thread
/// may call it.
std::string read_block(CheckpointFiles& files, const DataFileId& id, const ManifestBlock& block);

}  // namespace wallaroo::internal
