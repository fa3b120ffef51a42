// Data files hold compressed blocks of state. Their format: docs/formats/checkpoint.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "checkpoint/store/manifest.hpp"
#include "io/durable_file.hpp"

namespace wallaroo::internal {

inline constexpr std::uint64_t data_file_header_bytes = 24;
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
  /// `number`: the checkpoint that writes the file.
  DataFileWriter(const std::filesystem::path& path, std::uint64_t number);

  /// Compresses and appends `raw`. Returns where the block is.
  ManifestBlock append(std::string_view raw);
  void sync() { file_.sync(); }
  std::uint64_t size() const { return file_.size(); }

 private:
  std::uint64_t number_;
  DurableFile file_;
  std::string buffer_;
};

/// Checks the header of a data file and returns the file's size. Throws DamagedError when the file
/// is missing or is not data file `number`, IoError when it cannot be read.
std::uint64_t check_data_file(const std::filesystem::path& path, std::uint64_t number);

/// Returns the raw bytes of a block, exactly as they were appended. Throws DamagedError with file
/// and offset when they are missing or have changed, IoError when they cannot be read. Any thread
/// may call it.
std::string read_block(const std::filesystem::path& path, const ManifestBlock& block);

}  // namespace wallaroo::internal
