#include "checkpoint/store/data_file.hpp"

#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <lz4.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/check.hpp"
#include "base/short_bytes.hpp"
#include "checkpoint/store/manifest_file.hpp"

namespace wallaroo::internal {

namespace {

constexpr std::string_view data_magic = "WALLDATA";
constexpr std::uint32_t block_magic = 0x4b434c42;  // "BLCK"
constexpr FailpointGroup data_steps("store.data");
/// The acceleration of LZ4, whose default is 1. State is mostly numbers: 2 makes 3 % more bytes of
/// them, in two thirds of the time.
constexpr int acceleration = 2;
static_assert(most_block_bytes == LZ4_MAX_INPUT_SIZE);

struct DataFileHeader {
  std::array<char, 8> magic;
  std::uint32_t format = checkpoint_format;
  std::uint32_t reserved = 0;
  std::uint64_t number = 0;
};
static_assert(sizeof(DataFileHeader) == data_file_header_bytes);

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

DataFileHeader header_of(std::uint64_t number) {
  DataFileHeader header{};
  std::memcpy(header.magic.data(), data_magic.data(), data_magic.size());
  header.number = number;
  return header;
}

BlockHeader header_of(const ManifestBlock& block) {
  return {block_magic, block.stored_bytes, block.raw_bytes, 0, block.checksum};
}

FileDescriptor open_to_read(const std::filesystem::path& path) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) {
    const int error = errno;
    if (error == ENOENT) {
      throw DamagedError(fmt::format("'{}' is missing; somebody removed it", path.string()));
    }
    throw IoError(file_error("read", path, error));
  }
  return file;
}

/// Reads `size` bytes, or fewer where the file ends.
std::string read_at(const FileDescriptor& file, const std::filesystem::path& path,
                    std::uint64_t offset, std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got =
        ::pread(file.get(), bytes.data() + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno != EINTR) {
      throw IoError(file_error("read", path, errno));
    }
    if (got == 0) {
      break;
    }
    done += got > 0 ? static_cast<std::size_t>(got) : 0;
  }
  bytes.resize(done);
  return bytes;
}

std::uint64_t size_of(const FileDescriptor& file, const std::filesystem::path& path) {
  struct stat about {};
  if (::fstat(file.get(), &about) != 0) {
    throw IoError(file_error("look at", path, errno));
  }
  return static_cast<std::uint64_t>(about.st_size);
}

[[noreturn]] void damaged(const std::filesystem::path& path, const ManifestBlock& block,
                          std::string_view how) {
  throw DamagedError(
      fmt::format("'{}' is damaged: the block at byte {} {}", path.string(), block.offset, how));
}

/// LZ4 does not compress better than 255 to 1. A higher ratio is damage, for which no memory is
/// allocated.
bool plausible(const ManifestBlock& block) {
  return block.raw_bytes <= most_block_bytes && block.raw_bytes / 255 <= block.stored_bytes;
}

std::string decompress(const std::filesystem::path& path, const ManifestBlock& block,
                       std::string_view stored) {
  std::string raw(block.raw_bytes, '\0');
  const int got = LZ4_decompress_safe(stored.data(), raw.data(), static_cast<int>(stored.size()),
                                      static_cast<int>(raw.size()));
  if (got < 0 || static_cast<std::size_t>(got) != raw.size()) {
    damaged(path, block, "does not decompress to what it was");
  }
  return raw;
}

}  // namespace

DataFileWriter::DataFileWriter(const std::filesystem::path& path, std::uint64_t number)
    : number_(number), file_(DurableFile::create(path, data_steps)) {
  file_.append(bytes_of(header_of(number)));
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
  block.file = number_;
  block.offset = file_.size();
  block.stored_bytes = static_cast<std::uint32_t>(stored_bytes);
  block.raw_bytes = static_cast<std::uint32_t>(raw.size());
  block.checksum = hash_long({stored, block.stored_bytes});
  const BlockHeader header = header_of(block);
  std::memcpy(buffer_.data(), &header, sizeof(header));
  file_.append(std::string_view(buffer_).substr(0, block_header_bytes + block.stored_bytes));
  return block;
}

std::uint64_t check_data_file(const std::filesystem::path& path, std::uint64_t number) {
  const FileDescriptor file = open_to_read(path);
  const std::string begin = read_at(file, path, 0, data_file_header_bytes);
  if (begin != bytes_of(header_of(number))) {
    throw DamagedError(
        fmt::format("'{}' is damaged: it does not begin like data file {}", path.string(), number));
  }
  return size_of(file, path);
}

std::string read_block(const std::filesystem::path& path, const ManifestBlock& block) {
  const FileDescriptor file = open_to_read(path);
  // Checked before memory is allocated for the block.
  if (!plausible(block) || block.offset > INT64_MAX || end_of(block) > size_of(file, path)) {
    damaged(path, block, "does not fit into the file");
  }
  const std::string bytes =
      read_at(file, path, block.offset, block_header_bytes + block.stored_bytes);
  const std::string_view stored =
      std::string_view(bytes).substr(std::min<std::size_t>(block_header_bytes, bytes.size()));
  if (!bytes.starts_with(bytes_of(header_of(block))) || stored.size() != block.stored_bytes ||
      hash_long(stored) != block.checksum) {
    damaged(path, block, "is not as it was written (its checksum differs)");
  }
  return decompress(path, block, stored);
}

}  // namespace wallaroo::internal
