#include "io/durable_file.hpp"

#include <cerrno>
#include <cstdio>
#include <random>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "io/socket.hpp"

namespace wallaroo::internal {

namespace {

std::string_view advice(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return "; free some space on its file system, or choose a directory elsewhere";
    case EACCES:
    case EPERM:
      return "; check the permissions of the file and its directory";
    case EROFS:
      return "; choose a directory on another file system";
    case EIO:
      return "; the disk or its connection fails, see the kernel's log (dmesg)";
    case ENOENT:
      return "; somebody removed it or its directory, or the path is wrong";
    case ENOTDIR:
      return "; the part before the last '/' must be a directory";
    case EISDIR:
      return "; it is a directory, move it away";
    case EEXIST:
      return "; it exists already, move it away";
    case EFBIG:
      return "; the limit of file sizes is reached (ulimit -f)";
    case EMFILE:
    case ENFILE:
      return "; raise the limit of open files (ulimit -n)";
    default:
      return "";
  }
}

/// Runs `call`, which returns -1 on errors, again while signals interrupt it. Returns 0 or an
/// errno.
template <class Call>
int error_of(Call call) {
  int error = 0;
  do {
    error = call() < 0 ? errno : 0;
  } while (error == EINTR);
  return error;
}

/// Runs a step between its failpoints. Returns 0 or an errno.
template <class Call>
int step(FailpointGroup steps, std::string_view name, Call call) {
  if (const int error = steps.before(name)) {
    return error;
  }
  if (const int error = error_of(call)) {
    return error;
  }
  return steps.after(name);
}

void require(int error, std::string_view doing, const std::filesystem::path& path) {
  if (error != 0) {
    throw IoError(file_error(doing, path, error));
  }
}

}  // namespace

std::string file_error(std::string_view doing, const std::filesystem::path& path, int error) {
  return fmt::format("cannot {} '{}': {}{}", doing, path.string(), error_text(error),
                     advice(error));
}

DurableFile::DurableFile(std::filesystem::path path, FailpointGroup steps, int flags)
    : path_(std::move(path)), steps_(steps) {
  const int error = step(steps_, "create", [&] {
    fd_.reset(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | flags, 0666));
    return fd_.get();
  });
  struct stat about {};
  require(error, "create", path_);
  require(error_of([&] { return ::fstat(fd_.get(), &about); }), "look at", path_);
  size_ = static_cast<std::uint64_t>(about.st_size);
}

DurableFile DurableFile::create(const std::filesystem::path& path, FailpointGroup steps) {
  return {path, steps, O_EXCL};
}

DurableFile DurableFile::open(const std::filesystem::path& path, FailpointGroup steps) {
  return {path, steps, 0};
}

void DurableFile::require_sound() const {
  if (!failure_.empty()) {
    throw IoError(failure_);
  }
  if (!fd_) {
    throw IoError(fmt::format("'{}' is closed already", path_.string()));
  }
}

void DurableFile::fail(std::string_view doing, int error) {
  failure_ = file_error(doing, path_, error);
  throw IoError(failure_);
}

int DurableFile::write_all(std::string_view bytes) {
  if (const int error = steps_.before("write")) {
    return error;
  }
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) {
      return errno;
    }
    if (written == 0) {
      return ENOSPC;
    }
    if (written > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
      size_ += static_cast<std::uint64_t>(written);
    }
  }
  return steps_.after("write");
}

void DurableFile::append(std::string_view bytes) {
  require_sound();
  if (const int error = write_all(bytes)) {
    fail("write to", error);
  }
}

void DurableFile::truncate(std::uint64_t size) {
  require_sound();
  const int error =
      step(steps_, "truncate", [&] { return ::ftruncate(fd_.get(), static_cast<off_t>(size)); });
  if (error != 0) {
    fail("truncate", error);
  }
  size_ = size;
}

void DurableFile::sync() {
  require_sound();
  if (const int error = step(steps_, "fsync", [&] { return ::fsync(fd_.get()); })) {
    fail("flush (fsync)", error);
  }
}

void DurableFile::close() {
  require_sound();
  // On Linux the descriptor is closed even after EINTR.
  if (::close(fd_.release()) != 0 && errno != EINTR) {
    fail("close", errno);
  }
}

std::filesystem::path temporary_name(const std::filesystem::path& path) {
  std::random_device random;  // reads the kernel's random numbers
  std::filesystem::path name = path;
  name += fmt::format(".{:08x}{:08x}.tmp", random(), random());
  return name;
}

namespace {

/// Unlike rename(2), link(2) fails if the name is taken, on network file systems too. Where there
/// are no hard links (on memory cards, in shared folders of virtual machines) a rename that refuses
/// to replace does the same for the processes of one machine. Returns 0, or -1 with errno.
int link_or_rename(const std::filesystem::path& temporary, const std::filesystem::path& path) {
  if (::link(temporary.c_str(), path.c_str()) == 0) {
    return 0;
  }
  const bool no_links = errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS;
  return no_links
             ? ::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE)
             : -1;
}

}  // namespace

bool give_name(const std::filesystem::path& temporary, const std::filesystem::path& path,
               FailpointGroup steps) {
  int error = step(steps, "rename", [&] { return link_or_rename(temporary, path); });
  struct stat about {};
  if (error == EEXIST && ::stat(temporary.c_str(), &about) == 0 && about.st_nlink == 2) {
    error = 0;  // a server did it twice, because its first answer was lost
  }
  ::unlink(temporary.c_str());
  if (error == EEXIST) {
    return false;
  }
  require(error, "create", path);
  sync_directory(path.parent_path(), steps);
  return true;
}

bool create_file(const std::filesystem::path& path, std::string_view bytes, FailpointGroup steps) {
  const std::filesystem::path temporary = temporary_name(path);
  try {
    DurableFile file = DurableFile::create(temporary, steps);
    file.append(bytes);
    file.sync();
    file.close();
    return give_name(temporary, path, steps);
  } catch (...) {
    ::unlink(temporary.c_str());  // so that it does not keep a full disk full
    throw;
  }
}

void sync_directory(const std::filesystem::path& path, FailpointGroup steps) {
  const std::filesystem::path shown = path.empty() ? "." : path;
  const int error = step(steps, "directory.fsync", [&] {
    const FileDescriptor directory(::open(shown.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return directory ? ::fsync(directory.get()) : -1;
  });
  require(error, "flush (fsync) the directory", shown);
}

void create_directory_durably(const std::filesystem::path& path) {
  const int error = error_of([&] { return ::mkdir(path.c_str(), 0777); });
  struct stat about {};
  if (error == EEXIST && ::stat(path.c_str(), &about) == 0 && S_ISDIR(about.st_mode)) {
    return;
  }
  require(error, "create the directory", path);
  const std::filesystem::path parent = path.has_parent_path() ? path.parent_path() : ".";
  const FileDescriptor directory(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  require(!directory || ::fsync(directory.get()) != 0 ? errno : 0, "flush (fsync) the directory",
          parent);
}

void remove_file(const std::filesystem::path& path, FailpointGroup steps) {
  const int error = step(steps, "remove", [&] { return ::unlink(path.c_str()); });
  if (error != ENOENT) {
    require(error, "remove", path);
  }
}

}  // namespace wallaroo::internal
