#include "source/file_position.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <span>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <wallaroo/codecs.hpp>
#include <wallaroo/error.hpp>

#include "base/short_bytes.hpp"
#include "io/file_descriptor.hpp"
#include "io/socket.hpp"

namespace wallaroo::internal {
namespace {

namespace fs = std::filesystem;

constexpr std::uint8_t version = 1;

std::uint64_t hash_of_beginning(int file, std::uint64_t size) {
  std::string bytes(size, '\0');
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got =
        ::pread(file, bytes.data() + filled, bytes.size() - filled, static_cast<off_t>(filled));
    if (got > 0) {
      filled += static_cast<std::size_t>(got);
    } else if (got == 0 || errno != EINTR) {
      throw IoError(fmt::format("cannot read the beginning of the file again: {}",
                                got == 0 ? "it was cut short" : error_text(errno)));
    }
  }
  return hash_long(bytes);
}

/// Why the file is not the one that was being read; empty when it is.
std::string difference(const std::string& path, const FilePosition& position, bool same_inode) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0) {
    return fmt::format("it cannot be opened ({})", error_text(errno));
  }
  if (!S_ISREG(status.st_mode)) {
    return "it is not a regular file now";
  }
  if (same_inode &&
      (status.st_dev != position.identity.device || status.st_ino != position.identity.inode)) {
    return "it is another file";
  }
  if (static_cast<std::uint64_t>(status.st_size) < position.offset_bytes) {
    return fmt::format("it has only {} bytes now", status.st_size);
  }
  if (hash_of_beginning(file.get(), position.identity.sample_bytes) !=
      position.identity.sample_hash) {
    return "it begins with something else now";
  }
  return "";
}

std::vector<std::string> names_beside(const std::string& path) {
  fs::path directory = fs::path(path).parent_path();
  if (directory.empty()) {
    directory = ".";
  }
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), none; !error && entry != none;
       entry.increment(error)) {
    names.push_back(entry->path().string());
  }
  return names;
}

}  // namespace

std::string encode(const FilePosition& position) {
  std::string bytes;
  ByteWriter out(bytes);
  const int flags =
      (position.finished ? 1 : 0) | (position.pass_had_bytes ? 2 : 0) | (position.inside ? 4 : 0);
  out.little_endian(version).little_endian(static_cast<std::uint8_t>(flags));
  const FileIdentity& identity = position.identity;
  for (const std::uint64_t number :
       {position.passes, position.path_index, position.offset_bytes, position.records,
        identity.device, identity.inode, identity.sample_bytes, identity.sample_hash}) {
    out.little_endian(number);
  }
  out.append(position.path);
  out.close();
  return bytes;
}

FilePosition decode_file_position(std::string_view bytes) {
  ByteReader in(bytes);
  const bool known = in.little_endian<std::uint8_t>() == version;
  const auto flags = in.little_endian<std::uint8_t>();
  FilePosition position{
      .finished = (flags & 1) != 0, .pass_had_bytes = (flags & 2) != 0, .inside = (flags & 4) != 0};
  FileIdentity& identity = position.identity;
  for (std::uint64_t* const number :
       {&position.passes, &position.path_index, &position.offset_bytes, &position.records,
        &identity.device, &identity.inode, &identity.sample_bytes, &identity.sample_hash}) {
    *number = in.little_endian<std::uint64_t>();
  }
  if (!known || flags > 7 || !in.ok() || identity.sample_bytes > FileIdentity::max_sample_bytes) {
    throw IoError(
        "its position in the checkpoint cannot be read; it was written by another kind of source "
        "or a newer version; restore another checkpoint");
  }
  position.path = in.text(in.remaining());
  return position;
}

FileIdentity identify(int file, std::uint64_t offset_bytes) {
  struct stat status {};
  if (::fstat(file, &status) != 0) {
    throw IoError(fmt::format("cannot look at the file: {}", error_text(errno)));
  }
  const std::uint64_t sample = std::min(offset_bytes, FileIdentity::max_sample_bytes);
  return {status.st_dev, status.st_ino, sample, hash_of_beginning(file, sample)};
}

std::string find_file(const FilePosition& position, const std::vector<std::string>& paths) {
  const std::string why = difference(position.path, position, false);
  if (why.empty()) {
    return position.path;
  }
  for (const auto& names : {paths, names_beside(position.path)}) {
    const auto found = std::find_if(names.begin(), names.end(), [&](const std::string& name) {
      return difference(name, position, true).empty();
    });
    if (found != names.end()) {
      return *found;
    }
  }
  throw IoError(fmt::format(
      "the checkpoint was taken at byte {} of {} (behind record {}), which is not the same any "
      "more: {}, and no other file in its directory is the one; put the file back (a copy will "
      "do), or start anew with another directory for checkpoints",
      position.offset_bytes, position.path, position.records, why));
}

}  // namespace wallaroo::internal
