#include "source/file/file_position.hpp"

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <wallaroo/types/byte_reader.hpp>
#include <wallaroo/types/byte_writer.hpp>
#include <wallaroo/types/error.hpp>

#include "base/short_bytes.hpp"
#include "io/socket.hpp"

namespace wallaroo::internal {
namespace {

constexpr std::uint8_t version = 2;
constexpr std::uint8_t version_without_tail = 1;

std::uint64_t hash_of(int file, std::uint64_t begin, std::uint64_t size) {
  std::string bytes(size, '\0');
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = ::pread(file, bytes.data() + filled, bytes.size() - filled,
                                static_cast<off_t>(begin + filled));
    if (got > 0) {
      filled += static_cast<std::size_t>(got);
    } else if (got == 0 || errno != EINTR) {
      throw IoError(fmt::format("cannot read the earlier part of the file again: {}",
                                got == 0 ? "it was cut short" : error_text(errno)));
    }
  }
  return hash_long(bytes);
}

}  // namespace

std::string encode(const FilePosition& position) {
  std::string bytes;
  ByteWriter out(bytes);
  const int flags = (position.finished ? 1 : 0) | (position.pass_had_bytes ? 2 : 0) |
                    (position.inside ? 4 : 0) | (position.own ? 8 : 0);
  out.little_endian(version).little_endian(static_cast<std::uint8_t>(flags));
  const FileIdentity& identity = position.identity;
  for (const std::uint64_t number :
       {position.passes, position.path_index, position.offset_bytes, position.records,
        identity.device, identity.inode, identity.sample_bytes, identity.sample_hash,
        identity.tail_bytes, identity.tail_hash}) {
    out.little_endian(number);
  }
  out.append(position.path);
  out.close();
  return bytes;
}

FilePosition decode_file_position(std::string_view bytes) {
  ByteReader in(bytes);
  const auto stored = in.little_endian<std::uint8_t>();
  const auto flags = in.little_endian<std::uint8_t>();
  FilePosition position{.finished = (flags & 1) != 0,
                        .own = (flags & 8) != 0,
                        .pass_had_bytes = (flags & 2) != 0,
                        .inside = (flags & 4) != 0};
  FileIdentity& identity = position.identity;
  for (std::uint64_t* const number :
       {&position.passes, &position.path_index, &position.offset_bytes, &position.records,
        &identity.device, &identity.inode, &identity.sample_bytes, &identity.sample_hash}) {
    *number = in.little_endian<std::uint64_t>();
  }
  if (stored == version) {
    identity.tail_bytes = in.little_endian<std::uint64_t>();
    identity.tail_hash = in.little_endian<std::uint64_t>();
  }
  const bool known = stored == version || stored == version_without_tail;
  const bool fits = std::max(identity.sample_bytes, identity.tail_bytes) <=
                    std::min(position.offset_bytes, FileIdentity::max_sample_bytes);
  if (!known || flags > 15 || !in.ok() || !fits) {
    throw IoError(
        "its position in the checkpoint cannot be read; it was written by another kind of source "
        "or a newer version; restore another checkpoint");
  }
  position.path = in.text(in.remaining());
  return position;
}

FileIdentity identify(int file, std::uint64_t offset_bytes, const FileIdentity& known) {
  struct stat status {};
  if (::fstat(file, &status) != 0) {
    throw IoError(fmt::format("cannot look at the file: {}", error_text(errno)));
  }
  const std::uint64_t sample = std::min(offset_bytes, FileIdentity::max_sample_bytes);
  const bool sampled = sample == known.sample_bytes && sample != 0;
  FileIdentity identity{.device = status.st_dev,
                        .inode = status.st_ino,
                        .sample_bytes = sample,
                        .sample_hash = sampled ? known.sample_hash : hash_of(file, 0, sample)};
  if (offset_bytes > sample) {
    identity.tail_bytes = std::min(offset_bytes - sample, FileIdentity::max_sample_bytes);
    identity.tail_hash = hash_of(file, offset_bytes - identity.tail_bytes, identity.tail_bytes);
  }
  return identity;
}

bool is_file(const std::string& path, const FileIdentity& identity) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && status.st_dev == identity.device &&
         status.st_ino == identity.inode;
}

std::string content_difference(int file, const FilePosition& position) {
  const FileIdentity& identity = position.identity;
  if (hash_of(file, 0, identity.sample_bytes) != identity.sample_hash) {
    return "it begins with something else now";
  }
  const std::uint64_t tail = identity.tail_bytes;
  return tail != 0 && hash_of(file, position.offset_bytes - tail, tail) != identity.tail_hash
             ? "it has something else before that byte now"
             : "";
}

}  // namespace wallaroo::internal
