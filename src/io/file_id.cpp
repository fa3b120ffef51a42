#include "io/file_id.hpp"

#include <cerrno>
#include <filesystem>
#include <system_error>

#include <sys/stat.h>

namespace wallaroo::internal {

namespace {

namespace fs = std::filesystem;

/// How many symbolic links are followed, as in the kernel.
constexpr int max_links = 40;

FileKind kind_of(const struct stat& status) {
  if (S_ISREG(status.st_mode)) {
    return FileKind::regular;
  }
  return S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) ? FileKind::channel : FileKind::other;
}

FileIdAndKind place_in(const struct stat& status) {
  return {{.device = status.st_dev, .inode = status.st_ino}, kind_of(status)};
}

/// The path at which the target of a dangling symbolic link would be.
fs::path end_of_links(fs::path path) {
  std::error_code error;
  for (int links = 0; links < max_links; ++links) {
    const fs::path target = fs::read_symlink(path, error);
    if (error) {
      break;
    }
    path = target.is_absolute() ? target : path.parent_path() / target;
  }
  return path;
}

}  // namespace

std::optional<FileIdAndKind> find_file_id(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) {
    return place_in(status);
  }
  if (errno != ENOENT) {
    return std::nullopt;
  }
  const auto place = find_place_of_name(end_of_links(path).string());
  return place ? std::optional(FileIdAndKind{*place, FileKind::absent}) : std::nullopt;
}

std::optional<FileIdAndKind> find_file_id(int descriptor) {
  struct stat status {};
  return ::fstat(descriptor, &status) == 0 ? std::optional(place_in(status)) : std::nullopt;
}

std::optional<FileId> find_place_of_name(const std::string& path) {
  const fs::path whole(path);
  const std::string directory = whole.has_parent_path() ? whole.parent_path().string() : ".";
  struct stat status {};
  if (::stat(directory.c_str(), &status) != 0) {
    return std::nullopt;
  }
  return FileId{.device = status.st_dev, .inode = status.st_ino, .name = whole.filename().string()};
}

}  // namespace wallaroo::internal
