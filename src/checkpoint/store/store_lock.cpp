#include "checkpoint/store/store_lock.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <string>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "io/durable_file.hpp"

namespace wallaroo::internal {

namespace {

/// " (process 1234)", or nothing if the file does not name one.
std::string holder(int fd) {
  std::array<char, 32> bytes{};
  const ssize_t got = ::pread(fd, bytes.data(), bytes.size(), 0);
  std::string pid(bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  if (!pid.empty() && pid.back() == '\n') {
    pid.pop_back();
  }
  const bool digits =
      std::all_of(pid.begin(), pid.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
  return pid.empty() || !digits ? std::string() : fmt::format(" (process {})", pid);
}

}  // namespace

StoreLock::StoreLock(const std::filesystem::path& path, Mode mode)
    : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
  if (!fd_) {
    throw IoError(file_error("open the lock", path, errno));
  }
  if (::flock(fd_.get(), (mode == Mode::shared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0) {
    const int error = errno;
    if (error != EWOULDBLOCK) {
      throw IoError(file_error("lock", path, error));
    }
    throw IoError(fmt::format(
        "the checkpoint directory '{}' is in use by another process{}; stop that one, or give this "
        "one a directory of its own",
        path.parent_path().string(), holder(fd_.get())));
  }
  if (mode == Mode::shared) {
    // Several hold it, so the file names none, nor the process that had it for itself before.
    if (::ftruncate(fd_.get(), 0) != 0) {
      throw IoError(file_error("write to", path, errno));
    }
    return;
  }
  const std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(fd_.get(), 0) != 0 ||
      ::pwrite(fd_.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    throw IoError(file_error("write to", path, errno));
  }
}

}  // namespace wallaroo::internal
