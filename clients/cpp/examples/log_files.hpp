// How rotated_log.hpp recognises files, and its state file. (The same as
// clients/python/examples/log_files.py.)
#pragma once

#include <compare>
#include <cstdint>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <sys/stat.h>

/// Prints a line to standard error.
template <class... Parts>
void tell(const Parts&... parts) {
  std::cerr << "tail_file: ";
  (std::cerr << ... << parts) << std::endl;
}

constexpr std::size_t most_head_bytes = 1024;
constexpr std::uint64_t hash_of_nothing = 0xCBF29CE484222325U;

std::uint64_t fnv1a(std::string_view bytes);

struct Identity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  static Identity of(const struct stat& info) { return {info.st_dev, info.st_ino}; }
  friend bool operator==(const Identity&, const Identity&) = default;
};

/// A file, from its first byte to where the next segment starts.
struct Segment {
  std::uint64_t start = 0;  ///< position of its first byte
  std::uint64_t inode = 0;
  std::uint64_t head_bytes = 0;  ///< how many first bytes `head_hash` covers
  std::uint64_t head_hash = hash_of_nothing;
  std::uint64_t torn = 0;  ///< position behind a last line that was given out without its end
};

/// Stores the segments on the disk: a heading, and a line for each. The file is written as a whole,
/// so that a crash leaves the old one or the new one. `load` and `save` throw std::runtime_error.
class LogState {
 public:
  explicit LogState(std::string path) : path_(std::move(path)) {}
  std::vector<Segment> load() const;
  void save(const std::vector<Segment>& segments) const;

 private:
  std::string path_;
};

/// A regular file, read at given places.
class OpenFile {
 public:
  /// Returns nothing when there is no such file. Throws std::runtime_error when it cannot be read.
  static std::optional<OpenFile> open(const std::string& path);
  /// Returns nothing when the file cannot be read.
  static std::optional<OpenFile> try_open(const std::string& path);
  OpenFile(OpenFile&& other) noexcept;
  OpenFile& operator=(OpenFile&& other) noexcept;
  ~OpenFile();

  const std::string& path() const { return path_; }
  struct stat info() const;
  Identity identity() const { return Identity::of(info()); }
  std::uint64_t size() const { return static_cast<std::uint64_t>(info().st_size); }
  /// Returns fewer bytes at the end of the file.
  std::string read(std::uint64_t offset, std::uint64_t count) const;

  bool begins_as(const Segment& segment) const;
  /// Whether this looks like the segment's file, and a line of it ends at this offset.
  bool has(const Segment& segment, std::uint64_t offset) const;

 private:
  OpenFile(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}

  std::string path_;
  int descriptor_;
};

/// A regular file in a directory.
struct FolderEntry {
  std::string name;
  std::string path;
  Identity identity;
  std::int64_t changed_ns = 0;
};

std::int64_t changed_ns(const struct stat& info);

/// The directory that holds a log file and its rotated files.
class LogFolder {
 public:
  using Age = std::tuple<std::int64_t, std::int64_t, std::string>;

  explicit LogFolder(const std::string& log_path);

  std::vector<FolderEntry> entries() const;
  /// All files of the directory, those with the log's name first.
  std::vector<FolderEntry> ours_first() const;
  bool is_ours(const FolderEntry& entry) const { return entry.name.starts_with(name_); }
  bool is_rotated(const FolderEntry& entry) const;
  /// Sorts rotated files from the oldest to the newest. Of files with the same time of last change
  /// the one with the highest number is the oldest.
  Age age(const FolderEntry& entry) const;

 private:
  std::string path_;
  std::string name_;
};
