#include "sink/file/output_file.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "io/file_lock.hpp"

namespace wallaroo::internal {

namespace {

constexpr std::string_view stdout_closed =
    "standard output was closed; if its content is not wanted, redirect it to /dev/null";

std::string_view open_advice(int error) {
  switch (error) {
    case EACCES:
    case EPERM:
      return "; check the permissions of the file and its directory, or write elsewhere";
    case EISDIR:
      return "; give the path of a file";
    case ENOENT:
      return "; create its directory first";
    case ENOTDIR:
      return "; the part before the last '/' must be a directory";
    case ENXIO:
      return "; nobody reads from this pipe or socket; start its reader first";
    case EROFS:
      return "; write to another file system";
    case EMFILE:
    case ENFILE:
      return "; raise the limit of open files (ulimit -n)";
    default:
      return "";
  }
}

IoResult result_of(ssize_t written) {
  return written >= 0 ? IoResult{static_cast<std::size_t>(written), 0} : IoResult{0, errno};
}

template <class Call>
IoResult repeat_interrupted(Call call) {
  IoResult result = result_of(call());
  while (result.error == EINTR) {
    result = result_of(call());
  }
  return result;
}

IoResult send_to_socket(int fd, std::span<const iovec> parts) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts.data());
  message.msg_iovlen = parts.size();
  return repeat_interrupted([&] { return ::sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL); });
}

/// A pipe that polls writable takes PIPE_BUF bytes without waiting. (Another writer that fills it
/// in between makes this one wait until the reader reads.)
IoResult write_if_ready(int fd, std::span<const iovec> parts) {
  pollfd ready{fd, POLLOUT, 0};
  const int count = ::poll(&ready, 1, 0);
  if (count < 0 && errno != EINTR) {
    return {0, errno};
  }
  if (count <= 0) {
    return {0, EAGAIN};
  }
  const iovec& first = parts.front();
  return repeat_interrupted(
      [&] { return ::write(fd, first.iov_base, std::min<std::size_t>(first.iov_len, PIPE_BUF)); });
}

}  // namespace

OutputFile::OutputFile(std::string who, const FileSinkOptions& options) : who_(std::move(who)) {
  if (options.path == "-") {
    open_standard_output();
  } else {
    open_path(options);
  }
}

void OutputFile::open_standard_output() {
  fd_.reset(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  struct stat about {};
  if (!fd_ || ::fstat(fd_.get(), &about) != 0) {
    throw IoError(fmt::format("{}: {}", who_, stdout_closed));
  }
  if (S_ISSOCK(about.st_mode)) {
    kind_ = Kind::socket;
  } else if (!S_ISREG(about.st_mode)) {
    // Opening it anew gives a description of our own, which may be non-blocking. It can fail, for
    // example for a terminal of another user.
    const std::string link = fmt::format("/proc/self/fd/{}", fd_.get());
    FileDescriptor own(::open(link.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (own) {
      fd_ = std::move(own);
    } else {
      kind_ = Kind::shared;
    }
  }
}

void OutputFile::open_path(const FileSinkOptions& options) {
  path_ = options.path;
  // Non-blocking only matters for pipes and terminals; files ignore it.
  // The file is emptied only once it is known that nobody else writes to it.
  const int flags =
      O_WRONLY | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | (options.append ? O_APPEND : 0);
  fd_.reset(::open(path_.c_str(), flags, 0666));
  if (!fd_) {
    const int error = errno;
    throw IoError(fmt::format("{}: cannot open '{}': {}{}", who_, path_, error_text(error),
                              open_advice(error)));
  }
  struct stat about {};
  if (::fstat(fd_.get(), &about) != 0 || !S_ISREG(about.st_mode)) {
    return;
  }
  if (!lock_file(fd_.get(), options.append)) {
    refuse_locked(who_, path_);
  }
  if (!options.append && ::ftruncate(fd_.get(), 0) != 0) {
    throw IoError(fmt::format("{}: cannot empty '{}': {}", who_, path_, error_text(errno)));
  }
}

void refuse_locked(const std::string& who, const std::string& path) {
  throw IoError(fmt::format("{}: another process writes to '{}'; stop it first, or write elsewhere",
                            who, path));
}

IoResult OutputFile::write(std::span<const iovec> parts) {
  switch (kind_) {
    case Kind::socket:
      return send_to_socket(fd_.get(), parts);
    case Kind::shared:
      return write_if_ready(fd_.get(), parts);
    case Kind::plain:
      break;
  }
  return repeat_interrupted(
      [&] { return ::writev(fd_.get(), parts.data(), static_cast<int>(parts.size())); });
}

std::string OutputFile::explain(int error) const {
  const bool closed = error == EPIPE || error == ECONNRESET || error == EBADF || error == EIO;
  if (path_.empty() && closed) {
    return fmt::format("{}: {}", who_, stdout_closed);
  }
  const std::string target = path_.empty() ? "standard output" : "'" + path_ + "'";
  std::string_view advice;
  if (error == ENOSPC || error == EDQUOT) {
    advice = "; free some space or write to another file system";
  } else if (error == EFBIG) {
    advice = "; the limit of file sizes is reached (ulimit -f)";
  } else if (error == EPIPE) {
    advice = "; its reader went away";
  }
  return fmt::format("{}: cannot write to {}: {}{}", who_, target, error_text(error), advice);
}

void OutputFile::close() {
  if (fd_ && ::close(fd_.release()) != 0 && errno != EINTR) {
    throw IoError(explain(errno));
  }
}

}  // namespace wallaroo::internal
