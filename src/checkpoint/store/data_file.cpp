#include "checkpoint/store/data_file.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include <lz4.h>

#include <fmt/format.h>

#include "base/check.hpp"
#include "base/short_bytes.hpp"
#include "checkpoint/store/manifest_file.hpp"
#include "checkpoint/store/store_layout.hpp"

namespace wallaroo::internal {

namespace {

constexpr std::string_view data_magic = "WALLDATA";
constexpr std::uint32_t block_magic = 0x4b434c42;  // "BLCK"
/// The acceleration of LZ4, whose default is 1. State is mostly numbers: 2 makes 3 % more bytes of
/// them, in two thirds of the time.
constexpr int acceleration = 2;
static_assert(most_block_bytes == LZ4_MAX_INPUT_SIZE);

/// A file of a single process: format 1. It is followed by the generation in that of a cluster:
/// format 2, in which `member` was reserved.
struct DataFileHeader {
  std::array<char, 8> magic;
  std::uint32_t format = 1;
  std::uint32_t member = 0;
  std::uint64_t number = 0;
};
static_assert(sizeof(DataFileHeader) == 24);

struct BlockHeader {
  std::uint32_t magic = block_magic;
  std::uint32_t stored_bytes = 0;
  std::uint32_t raw_bytes = 0;
  std::uint32_t reserved = 0;
  std::uint64_t checksum = 0;
};
static_assert(sizeof(BlockHeader) == block_header_bytes);

template <class T>
std::string_view bytes_of(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof(T)};
}

std::string header_of(const DataFileId& file) {
  DataFileHeader header{};
  std::memcpy(header.magic.data(), data_magic.data(), data_magic.size());
  header.format = file.generation == 0 ? 1 : 2;
  header.member = file.member;
  header.number = file.number;
  std::string bytes(bytes_of(header));
  if (file.generation != 0) {
    bytes.append(bytes_of(file.generation));
  }
  return bytes;
}

BlockHeader header_of(const ManifestBlock& block) {
  return {block_magic, block.stored_bytes, block.raw_bytes, 0, block.checksum};
}

std::uint64_t size_of(CheckpointFiles& files, const std::string& name) {
  const auto found = files.find(name);
  if (!found) {
    throw DamagedError(fmt::format("{} is missing; somebody removed it", files.shown(name)));
  }
  return found->bytes;
}

/// Like CheckpointFiles::read; a file that is removed before it is read is missing, too.
std::string read_from(CheckpointFiles& files, const std::string& name, std::uint64_t offset,
                      std::uint64_t bytes) {
  try {
    return files.read(name, offset, bytes);
  } catch (const IoError&) {
    size_of(files, name);
    throw;
  }
}

[[noreturn]] void damaged(const std::string& shown, const ManifestBlock& block,
                          std::string_view how) {
  throw DamagedError(
      fmt::format("{} is damaged: the block at byte {} {}", shown, block.offset, how));
}

/// LZ4 does not compress better than 255 to 1. A higher ratio is damage, for which no memory is
/// allocated.
bool plausible(const ManifestBlock& block) {
  return block.raw_bytes <= most_block_bytes && block.raw_bytes / 255 <= block.stored_bytes;
}

std::string decompress(const std::string& shown, const ManifestBlock& block,
                       std::string_view stored) {
  std::string raw(block.raw_bytes, '\0');
  const int got = LZ4_decompress_safe(stored.data(), raw.data(), static_cast<int>(stored.size()),
                                      static_cast<int>(raw.size()));
  if (got < 0 || static_cast<std::size_t>(got) != raw.size()) {
    damaged(shown, block, "does not decompress to what it was");
  }
  return raw;
}

}  // namespace

std::uint64_t data_file_header_bytes(const DataFileId& file) { return header_of(file).size(); }

DataFileWriter::DataFileWriter(CheckpointFiles& files, const DataFileId& id)
    : file_(files.append(data_name(id))) {
  try {
    write(header_of(id));
  } catch (const IoError&) {
    try {
      file_->give_up();
    } catch (const IoError&) {
      // The first error says more. The file is removed when the directory is opened the next time.
    }
    throw;
  }
}

void DataFileWriter::write(std::string_view bytes) {
  file_->append(bytes);
  size_ += bytes.size();
}

ManifestBlock DataFileWriter::append(std::string_view raw) {
  check(raw.size() <= most_block_bytes, "a block of state is not too large to be compressed");
  const int bound = LZ4_compressBound(static_cast<int>(raw.size()));
  buffer_.resize(block_header_bytes + static_cast<std::size_t>(bound));
  char* const stored = buffer_.data() + block_header_bytes;
  const int stored_bytes =
      LZ4_compress_fast(raw.data(), stored, static_cast<int>(raw.size()), bound, acceleration);
  check(stored_bytes > 0, "whatever fits the bound is compressed");
  ManifestBlock block;
  block.offset = size_;
  block.stored_bytes = static_cast<std::uint32_t>(stored_bytes);
  block.raw_bytes = static_cast<std::uint32_t>(raw.size());
  block.checksum = hash_long({stored, block.stored_bytes});
  const BlockHeader header = header_of(block);
  std::memcpy(buffer_.data(), &header, sizeof(header));
  write(std::string_view(buffer_).substr(0, block_header_bytes + block.stored_bytes));
  return block;
}

std::uint64_t check_data_file(CheckpointFiles& files, const DataFileId& id) {
  const std::string name = data_name(id);
  const std::uint64_t size = size_of(files, name);
  const std::string header = header_of(id);
  if (read_from(files, name, 0, header.size()) != header) {
    throw DamagedError(fmt::format("{} is damaged: it does not begin like data file {}",
                                   files.shown(name), id.number));
  }
  return size;
}

std::string read_block(CheckpointFiles& files, const DataFileId& id, const ManifestBlock& block) {
  const std::string name = data_name(id);
  // Checked before memory is allocated for the block.
  if (!plausible(block) || block.offset > INT64_MAX || end_of(block) > size_of(files, name)) {
    damaged(files.shown(name), block, "does not fit into the file");
  }
  const std::string bytes =
      read_from(files, name, block.offset, block_header_bytes + block.stored_bytes);
  const std::string_view stored =
      std::string_view(bytes).substr(std::min<std::size_t>(block_header_bytes, bytes.size()));
  if (!bytes.starts_with(bytes_of(header_of(block))) || stored.size() != block.stored_bytes ||
      hash_long(stored) != block.checksum) {
    damaged(files.shown(name), block, "is not as it was written (its checksum differs)");
  }
  return decompress(files.shown(name), block, stored);
}

}  // namespace wallaroo::internal
