#include "source/file/file_input.hpp"

#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <wallaroo/types/error.hpp>

namespace wallaroo::internal {
namespace {

bool is_standard_input(const std::string& path) { return path == standard_input_path; }

std::string advice(const std::string& path, int error) {
  if (error == EACCES) {
    return "; give the user that runs this program the right to read it";
  }
  if (error == ENOENT && !path.starts_with('/')) {
    std::error_code ignored;
    return fmt::format(" (looked for in {})", std::filesystem::current_path(ignored).string());
  }
  return error == EBADF && is_standard_input(path) ? " (it is closed)" : "";
}

[[noreturn]] void refuse(const std::string& path, int error) {
  throw IoError(fmt::format("cannot read {}: {}{}", display_name(path), error_text(error),
                            advice(path, error)));
}

struct stat status_of(const std::string& path) {
  struct stat status {};
  const int failed =
      is_standard_input(path) ? ::fstat(STDIN_FILENO, &status) : ::stat(path.c_str(), &status);
  if (failed != 0) {
    refuse(path, errno);
  }
  if (S_ISDIR(status.st_mode)) {
    throw IoError(
        fmt::format("cannot read {}: it is a directory; name the files in it", display_name(path)));
  }
  return status;
}

}  // namespace

std::string display_name(const std::string& path) {
  return is_standard_input(path) ? "standard input" : path;
}

void check_readable(const std::string& path) {
  (void)status_of(path);
  if (!is_standard_input(path) && ::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) != 0) {
    refuse(path, errno);
  }
}

FileInput::FileInput(const std::string& path, EventLoop& loop) : loop_(loop), fd_(STDIN_FILENO) {
  if (!is_standard_input(path)) {
    // Non-blocking because of named pipes whose writer is not there yet.
    owned_ = FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!owned_) {
      refuse(path, errno);
    }
    fd_ = owned_.get();
  }
  struct stat status {};
  if (::fstat(fd_, &status) != 0) {
    refuse(path, errno);
  }
  regular_ = S_ISREG(status.st_mode);
  size_at_open_ = status.st_size;
  device_ = status.st_dev;
  inode_ = status.st_ino;
  // epoll takes neither regular files nor devices like /dev/zero, which never make anyone wait.
  if (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) || ::isatty(fd_) == 1) {
    loop_.watch(fd_, *this);
    watched_ = true;
  }
}

FileInput::~FileInput() {
  if (watched_) {
    loop_.unwatch(fd_);
  }
}

bool FileInput::has_bytes_or_end() const {
  pollfd entry{fd_, POLLIN, 0};
  return ::poll(&entry, 1, 0) > 0;
}

IoResult FileInput::read(std::span<char> room) {
  // Standard input is shared with the process that started us, so it is not made non-blocking.
  // Instead it is polled before each read.
  if (watched_ && !has_bytes_or_end()) {
    ready_ = false;
    return {0, EAGAIN};
  }
  for (;;) {
    const ssize_t got = ::read(fd_, room.data(), room.size());
    if (got >= 0) {
      return {static_cast<std::size_t>(got), 0};
    }
    if (errno == EAGAIN && watched_) {
      ready_ = false;
    }
    if (errno != EINTR) {
      return {0, errno};
    }
  }
}

void FileInput::seek(std::uint64_t offset_bytes) {
  if (::lseek(fd_, static_cast<off_t>(offset_bytes), SEEK_SET) < 0) {
    throw IoError(fmt::format("cannot go to byte {}: {}", offset_bytes, error_text(errno)));
  }
}

bool FileInput::shrank(std::uint64_t read_bytes) const {
  struct stat status {};
  return regular_ && ::fstat(fd_, &status) == 0 &&
         (status.st_size < size_at_open_ ||
          static_cast<std::uint64_t>(status.st_size) < read_bytes);
}

}  // namespace wallaroo::internal
