#include "sink/file/file_steps.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "base/failpoint.hpp"
#include "io/socket.hpp"

namespace wallaroo::internal {

namespace {

constexpr FailpointGroup points("sink.file");
/// A copy is made in steps of this size, so that a crash leaves the beginning of it.
constexpr std::uint64_t copy_bytes = 1 << 20;

template <class Call>
int error_of(Call call) {
  while (call() < 0) {
    if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

/// Runs a step between its failpoints. Returns its error, or the error that they inject.
template <class Step>
int guarded(std::string_view name, Step step) {
  if (const int error = points.before(name)) {
    return error;
  }
  const int error = step();
  return error != 0 ? error : points.after(name);
}

std::string_view advice(int error) {
  switch (error) {
    case EACCES:
    case EPERM:
      return "; check the permissions of the file and its directory";
    case ENOENT:
    case ENOTDIR:
      return "; is its directory still there?";
    case ENOSPC:
    case EDQUOT:
      return "; free some space";
    case EFBIG:
      return "; the limit of file sizes is reached (ulimit -f)";
    case EIO:
      return "; check the disk";
    case EMFILE:
    case ENFILE:
      return "; raise the limit of open files (ulimit -n)";
    default:
      return "";
  }
}

/// Copies between two files for which the kernel cannot do it.
int copy_by_hand(int from, loff_t& from_offset, int to, loff_t& to_offset, std::size_t bytes) {
  std::array<char, 64 * 1024> buffer;
  const ssize_t got = ::pread(from, buffer.data(), std::min(bytes, buffer.size()), from_offset);
  if (got <= 0) {
    return got < 0 ? errno : EIO;
  }
  const ssize_t put = ::pwrite(to, buffer.data(), static_cast<std::size_t>(got), to_offset);
  if (put < 0) {
    return errno;
  }
  from_offset += put;
  to_offset += put;
  return 0;
}

bool copies_in_kernel(int error) {
  return error != EXDEV && error != EINVAL && error != ENOSYS && error != EOPNOTSUPP;
}

/// Copies at most `bytes`, and moves the offsets on by as many as were copied.
int copy_some(int from, loff_t& from_offset, int to, loff_t& to_offset, std::size_t bytes) {
  const ssize_t copied = ::copy_file_range(from, &from_offset, to, &to_offset, bytes, 0);
  if (copied > 0 || (copied < 0 && errno == EINTR)) {
    return 0;
  }
  if (copied == 0 || !copies_in_kernel(errno)) {
    return copy_by_hand(from, from_offset, to, to_offset, bytes);
  }
  return errno;
}

}  // namespace

void FileSteps::require(int error, const Attempt& attempt) const {
  if (error != 0) {
    throw IoError(fmt::format("{}: cannot {} '{}': {}{}", who_, attempt.action, attempt.path,
                              error_text(error), advice(error)));
  }
}

FileDescriptor FileSteps::open(const std::string& path, int flags) const {
  return FileDescriptor(::open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY, 0666));
}

FileDescriptor FileSteps::open_for_reading(const std::string& path) const {
  FileDescriptor file = open(path, O_RDONLY);
  require(file || errno == ENOENT ? 0 : errno, {"open", path});
  return file;
}

FileDescriptor FileSteps::open_for_writing(const std::string& path) const {
  FileDescriptor file;
  require(guarded("create",
                  [&] {
                    file = open(path, O_WRONLY | O_CREAT);
                    return file ? 0 : errno;
                  }),
          {"open", path});
  return file;
}

std::uint64_t FileSteps::size(const FileDescriptor& file, const std::string& path) const {
  struct stat about {};
  require(error_of([&] { return ::fstat(file.get(), &about); }), {"look at", path});
  return static_cast<std::uint64_t>(about.st_size);
}

std::string FileSteps::read(const FileDescriptor& file, std::uint64_t offset, std::uint64_t bytes,
                            const std::string& path) const {
  std::string content(bytes, '\0');
  std::size_t filled = 0;
  while (filled < content.size()) {
    const ssize_t got = ::pread(file.get(), content.data() + filled, content.size() - filled,
                                static_cast<off_t>(offset + filled));
    require(got > 0 || errno == EINTR ? 0 : got == 0 ? EIO : errno, {"read again", path});
    filled += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
  }
  return content;
}

void FileSteps::sync(int file, const std::string& path) const {
  require(guarded("fsync", [&] { return error_of([&] { return ::fsync(file); }); }),
          {"make durable", path});
}

void FileSteps::sync_directory(const std::string& path) const {
  const FileDescriptor directory = open(path, O_RDONLY | O_DIRECTORY);
  require(directory ? 0 : errno, {"open", path});
  const int error = guarded("directory.fsync", [&] {
    const int said = error_of([&] { return ::fsync(directory.get()); });
    return said == EINVAL ? 0 : said;  // a file system whose names are always durable
  });
  require(error, {"make durable the names in", path});
}

void FileSteps::truncate(const FileDescriptor& file, std::uint64_t bytes,
                         const std::string& path) const {
  if (size(file, path) <= bytes) {
    return;
  }
  const auto length = static_cast<off_t>(bytes);
  require(guarded("truncate",
                  [&] { return error_of([&] { return ::ftruncate(file.get(), length); }); }),
          {"cut the uncommitted end off", path});
  sync(file.get(), path);
}

void FileSteps::remove(const std::string& path) const {
  const int error =
      guarded("remove", [&] { return error_of([&] { return ::unlink(path.c_str()); }); });
  require(error == ENOENT ? 0 : error, {"remove", path});
}

void FileSteps::copy(Range from, Range to, std::uint64_t bytes, const std::string& path) const {
  auto from_offset = static_cast<loff_t>(from.offset);
  auto to_offset = static_cast<loff_t>(to.offset);
  const auto end = static_cast<loff_t>(to.offset + bytes);
  while (to_offset < end) {
    const auto step = std::min(static_cast<std::uint64_t>(end - to_offset), copy_bytes);
    require(guarded("copy",
                    [&] {
                      return copy_some(from.file.get(), from_offset, to.file.get(), to_offset,
                                       step);
                    }),
            {"append to", path});
  }
}

}  // namespace wallaroo::internal
