// Reads the data file of a checkpoint of `checkpoint_snapshot`, decompresses it, and makes the same
// tables of it by hand: without manifest, schema and checksums.
#include <fcntl.h>
#include <lz4.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "support/hash.hpp"
#include "support/program.hpp"

namespace wallaroo::bench {
namespace {

struct Totals {
  std::uint64_t count;
  std::uint64_t sum;
};
// The structures as they are in the file.
struct Entry {
  std::uint64_t key;
  Totals totals;
};
struct BlockHeader {
  std::uint32_t magic;
  std::uint32_t stored_bytes;
  std::uint32_t raw_bytes;
  std::uint32_t reserved;
  std::uint64_t checksum;
};
constexpr std::size_t kFileHeader = 24;
static_assert(sizeof(BlockHeader) == 24);

struct KeyHash {
  using is_avalanching = void;
  std::size_t operator()(std::uint64_t key) const { return hash_number(key); }
};
using Table = boost::unordered_flat_map<std::uint64_t, Totals, KeyHash>;
constexpr std::size_t kGroups = 256;

// A table for each key group as in the engine: one fits the second-level cache while it is filled.
std::size_t group_of(std::uint64_t key) { return (hash_number(key) >> 24) % kGroups; }

struct Block {
  std::size_t offset;  // of the stored bytes
  BlockHeader header;
};

class DataFile {
 public:
  explicit DataFile(const std::filesystem::path& path) : fd_(::open(path.c_str(), O_RDONLY)) {
    if (fd_ < 0) throw std::runtime_error("cannot read " + path.string());
    const std::size_t size = std::filesystem::file_size(path);
    for (std::size_t at = kFileHeader; at < size;) {
      Block block{at + sizeof(BlockHeader), {}};
      read(at, &block.header, sizeof block.header);
      at = block.offset + block.header.stored_bytes;
      blocks.push_back(block);
    }
  }
  ~DataFile() { ::close(fd_); }
  DataFile(const DataFile&) = delete;
  DataFile& operator=(const DataFile&) = delete;

  void read(std::size_t offset, void* to, std::size_t size) const {
    if (::pread(fd_, to, size, static_cast<off_t>(offset)) != static_cast<ssize_t>(size)) {
      throw std::runtime_error("the data file is shorter than its blocks say");
    }
  }

  std::vector<Block> blocks;

 private:
  int fd_;
};

std::filesystem::path newest_data(const std::string& directory) {
  std::filesystem::path newest;
  for (const auto& entry : std::filesystem::directory_iterator(directory + "/data")) {
    newest = std::max(newest, entry.path());
  }
  return newest;
}

// The group of the block's first entry. One thread saves a block, so its owner is that of all.
std::size_t first_group(const DataFile& file, const Block& block) {
  std::array<char, 64> begin;
  const std::size_t size = std::min<std::size_t>(begin.size(), block.header.stored_bytes);
  file.read(block.offset, begin.data(), size);
  std::uint64_t key = 0;
  if (LZ4_decompress_safe_partial(begin.data(), reinterpret_cast<char*>(&key),
                                  static_cast<int>(size), sizeof key, sizeof key) < 0) {
    throw std::runtime_error("a block does not decompress");
  }
  return group_of(key);
}

class Loader {
 public:
  Loader(const DataFile& file, std::vector<Table>& tables) : file_(file), tables_(tables) {}

  void load(const Block& block) {
    stored_.resize(block.header.stored_bytes);
    raw_.resize(block.header.raw_bytes / sizeof(Entry));
    file_.read(block.offset, stored_.data(), stored_.size());
    const int got = LZ4_decompress_safe(stored_.data(), reinterpret_cast<char*>(raw_.data()),
                                        static_cast<int>(stored_.size()),
                                        static_cast<int>(raw_.size() * sizeof(Entry)));
    if (got != static_cast<int>(block.header.raw_bytes)) {
      throw std::runtime_error("a block does not decompress");
    }
    for (const Entry& entry : raw_) {
      tables_[group_of(entry.key)].emplace(entry.key, entry.totals);
    }
  }

 private:
  const DataFile& file_;
  std::vector<Table>& tables_;
  std::vector<char> stored_;
  std::vector<Entry> raw_;
};

Result run(const Parameters& parameters) {
  const std::uint64_t keys = parameters.numbers.at("keys");
  std::vector<Table> tables(kGroups);
  std::vector<std::string> errors(parameters.threads);
  const double seconds = timed_on_threads(parameters.threads, [&](unsigned self) {
    try {
      const DataFile file(newest_data(parameters.texts.at("checkpoint-dir")));
      Loader loader(file, tables);
      const auto is_own = [&](std::size_t group) {
        return group * parameters.threads / kGroups == self;
      };
      for (std::size_t group = 0; group < kGroups; ++group) {
        if (is_own(group)) tables[group].reserve(keys / kGroups * 102 / 100);
      }
      for (const Block& block : file.blocks) {
        if (is_own(first_group(file, block))) loader.load(block);
      }
    } catch (const std::exception& error) {
      errors[self] = error.what();
    }
  });
  std::uint64_t restored = 0;
  for (const std::string& error : errors) {
    if (!error.empty()) throw std::runtime_error(error);
  }
  for (const Table& table : tables) restored += table.size();
  if (restored != keys) {
    throw std::runtime_error("restored " + std::to_string(restored) + " keys");
  }
  return {keys, seconds, 0};
}

}  // namespace
}  // namespace wallaroo::bench

int main(int argc, char** argv) {
  return wallaroo::bench::run_program(
      argc, argv, "restores a checkpoint of many keys by hand",
      {.threads = 2, .numbers = {{"keys", 10'000'000}}, .texts = {{"checkpoint-dir", ""}}},
      wallaroo::bench::run);
}
