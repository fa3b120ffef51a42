#include "checkpoint/store/store_files.hpp"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "io/durable_file.hpp"
#include "io/file_descriptor.hpp"

namespace wallaroo::internal {

std::optional<std::string> read_whole_file(const std::filesystem::path& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) {
    const int error = errno;
    if (error == ENOENT) {
      return std::nullopt;
    }
    throw IoError(file_error("read", path, error));
  }
  std::string bytes;
  std::array<char, 65536> piece;
  for (;;) {
    const ssize_t got = ::read(file.get(), piece.data(), piece.size());
    if (got == 0) {
      return bytes;
    }
    if (got > 0) {
      bytes.append(piece.data(), static_cast<std::size_t>(got));
    } else if (errno != EINTR) {
      throw IoError(file_error("read", path, errno));
    }
  }
}

std::string quoted(const std::filesystem::path& path) { return fmt::format("'{}'", path.string()); }

}  // namespace wallaroo::internal
