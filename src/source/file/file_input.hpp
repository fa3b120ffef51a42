// One file, pipe or terminal being read, without ever making its executor wait for a pipe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "io/event_loop.hpp"
#include "io/file_descriptor.hpp"
#include "io/socket.hpp"

namespace wallaroo::internal {

/// "-" is standard input.
inline constexpr const char* standard_input_path = "-";

/// The path as messages show it.
std::string display_name(const std::string& path);

/// Throws IoError with advice if the path is missing, is a directory, or may not be read.
void check_readable(const std::string& path);

class FileInput final : public ReadyHandler {
 public:
  /// Throws IoError. The loop must outlive the input.
  FileInput(const std::string& path, EventLoop& loop);
  FileInput(const FileInput&) = delete;
  FileInput& operator=(const FileInput&) = delete;
  ~FileInput() override;

  /// False if only the event loop can bring news.
  bool ready() const { return ready_; }
  /// Reads the bytes that are there now; `would_block` if a pipe is empty.
  IoResult read(std::span<char> room);
  /// Whether this is a regular file, which can be read again from any place.
  bool regular() const { return regular_; }
  /// Only for regular files.
  int descriptor() const { return fd_; }
  /// Only for regular files: moves to the byte that is read next. Throws IoError.
  void seek(std::uint64_t offset_bytes);
  /// Call at the end of the file. Returns whether it has become shorter than it was when it was
  /// opened, or than the bytes read of it.
  bool shrank(std::uint64_t read_bytes) const;
  std::uint64_t device() const { return device_; }
  std::uint64_t inode() const { return inode_; }

  void on_ready(std::uint32_t) override { ready_ = true; }

 private:
  bool has_bytes_or_end() const;

  EventLoop& loop_;
  FileDescriptor owned_;  // empty for standard input, which is not ours to close
  int fd_;
  std::int64_t size_at_open_ = 0;
  std::uint64_t device_ = 0;
  std::uint64_t inode_ = 0;
  bool regular_ = false;
  bool watched_ = false;
  bool ready_ = true;
};

}  // namespace wallaroo::internal
