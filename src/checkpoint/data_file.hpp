// Data files: compressed blocks of state, as docs/formats/checkpoint.md has them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "checkpoint/manifest.hpp"
#include "io/durable_file.hpp"

namespace wallaroo::internal {

inline constexpr std::uint64_t data_file_header_bytes = 24;
inline constexpr std::uint64_t block_header_bytes = 24;
/// Of one block, before compression; the limit of LZ4.
inline constexpr std::uint64_t most_block_bytes = 0x7E000000;

/// Where the block ends in its file.
inline std::uint64_t end_of(const ManifestBlock& block) {
  return block.offset + block_header_bytes + block.stored_bytes;
}

/// A data file that is being written. Throws IoError.
class DataFileWriter {
 public:
  /// Checkpoint `number` writes it.
  DataFileWriter(const std::filesystem::path& path, std::uint64_t number);

  /// Compresses and appends; where it is.
  ManifestBlock append(std::string_view raw);
  void sync() { file_.sync(); }
  std::uint64_t size() const { return file_.size(); }

 private:
  std::uint64_t number_;
  DurableFile file_;
  std::string buffer_;
};

/// The size of a data file, whose beginning is checked. Throws DamagedError when it is not there or
/// not the data file `number`, IoError when the system does not let us see it.
std::uint64_t check_data_file(const std::filesystem::path& path, std::uint64_t number);

/// The raw bytes of a block, exactly as they were appended. Throws DamagedError with file and
/// offset when they are not there any more, IoError when they cannot be read. From any thread.
std::string read_block(const std::filesystem::path& path, const ManifestBlock& block);

}  // namespace wallaroo::internal
