#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>

#include "giles/error.hpp"
#include "giles/unique_fd.hpp"

namespace wallaroo::giles {

// Writes received bytes to a file, which is overwritten, or to standard output ("-"). It is
// unbuffered, so that others can read the bytes at once.
class RecordOutput {
 public:
  explicit RecordOutput(const std::string& file)
      : name_(file == "-" ? "standard output" : file), fd_(open(file)) {
    if (!fd_) fail();
  }

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
      if (written < 0 && errno != EINTR) fail();
      if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
    }
  }

 private:
  static UniqueFd open(const std::string& file) {
    if (file == "-") return UniqueFd(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
    return UniqueFd(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  }

  [[noreturn]] void fail() const {
    throw RuntimeError(fmt::format("cannot write to {}: {}", name_, std::strerror(errno)));
  }

  std::string name_;
  UniqueFd fd_;
};

}  // namespace wallaroo::giles
