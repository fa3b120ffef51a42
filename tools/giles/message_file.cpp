#include "giles/message_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <memory>
#include <utility>

#include "giles/big_endian.hpp"
#include "giles/error.hpp"
#include "giles/unique_fd.hpp"

namespace wallaroo::giles {
namespace {

void append_line(const FileFormat& format, std::string_view line, WireMessages& out) {
  if (format.skip_empty_lines && (line.empty() || line == "\r")) return;
  if (format.line_framing == Framing::Kind::kLengthPrefixed) {
    std::array<char, kLengthBytes> length{};
    put_u32_be(static_cast<std::uint32_t>(line.size()), length.data());
    out.bytes.append(length.data(), length.size());
    out.bytes.append(line);
  } else {
    out.bytes.append(line);
    out.bytes.push_back('\n');
  }
  out.ends.push_back(out.bytes.size());
}

void append_lines(const FileFormat& format, std::string_view contents, std::string_view file,
                  WireMessages& out) {
  const auto lines = static_cast<std::size_t>(std::count(contents.begin(), contents.end(), '\n'));
  out.ends.reserve(out.ends.size() + lines + 1);
  out.bytes.reserve(out.bytes.size() + contents.size() + (lines + 1) * kLengthBytes);
  while (!contents.empty()) {
    const std::size_t size = std::min(contents.find('\n'), contents.size());
    if (size > std::numeric_limits<std::uint32_t>::max()) {
      throw RuntimeError(fmt::format("{}: a line is longer than 4 GiB", file));
    }
    append_line(format, contents.substr(0, size), out);
    contents.remove_prefix(std::min(size + 1, contents.size()));
  }
}

void append_record(std::string_view record, WireMessages& out) {
  out.bytes.append(record);
  out.ends.push_back(out.bytes.size());
}

void append_fixed(std::uint64_t record_bytes, std::string_view contents, std::string_view file,
                  WireMessages& out) {
  if (contents.size() % record_bytes != 0) {
    throw RuntimeError(fmt::format(
        "{}: {} bytes are not a whole number of records of --msg-size {}: {} bytes are left over",
        file, contents.size(), record_bytes, contents.size() % record_bytes));
  }
  for (std::size_t at = 0; at < contents.size(); at += record_bytes) {
    append_record(contents.substr(at, record_bytes), out);
  }
}

void append_self_prefixed(std::string_view contents, std::string_view file, WireMessages& out) {
  std::size_t at = 0;
  while (at < contents.size()) {
    const std::size_t left = contents.size() - at;
    const std::uint64_t size =
        left < kLengthBytes ? kLengthBytes : kLengthBytes + get_u32_be(contents.data() + at);
    if (size > left) {
      throw RuntimeError(
          fmt::format("{}: the file ends inside a record: the one at byte {} needs {} bytes with "
                      "its 4-byte length, {} are there",
                      file, at, size, left));
    }
    append_record(contents.substr(at, size), out);
    at += size;
  }
}

[[noreturn]] void throw_file_error(const std::string& file, int error) {
  throw RuntimeError(fmt::format("cannot read {}: {}", file, std::strerror(error)));
}

std::string read_stream(int fd, const std::string& file) {
  std::string contents;
  std::vector<char> buffer(std::size_t{1} << 18);
  for (;;) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got == 0) return contents;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_file_error(file, errno);
    contents.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

void load_file(const FileFormat& format, const std::string& file, WireMessages& out) {
  if (file == "-") {
    append_messages(format, read_stream(STDIN_FILENO, "standard input"), "standard input", out);
    return;
  }
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0) throw_file_error(file, errno);
  if (!S_ISREG(status.st_mode)) {
    append_messages(format, read_stream(fd.get(), file), file, out);
    return;
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return;
  void* mapped = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd.get(), 0);
  if (mapped == MAP_FAILED) throw_file_error(file, errno);
  const auto unmap = [size](void* address) { ::munmap(address, size); };
  const std::unique_ptr<void, decltype(unmap)> guard(mapped, unmap);
  append_messages(format, {static_cast<const char*>(mapped), size}, file, out);
}

}  // namespace

void append_messages(const FileFormat& format, std::string_view contents, std::string_view file,
                     WireMessages& out) {
  switch (format.kind) {
    case FileFormat::Kind::kLines:
      return append_lines(format, contents, file, out);
    case FileFormat::Kind::kFixed:
      return append_fixed(format.record_bytes, contents, file, out);
    case FileFormat::Kind::kSelfPrefixed:
      return append_self_prefixed(contents, file, out);
  }
}

WireMessages load_messages(const FileFormat& format, const std::vector<std::string>& files) {
  WireMessages messages;
  for (const std::string& file : files) load_file(format, file, messages);
  return messages;
}

std::vector<WireMessages> deal_round_robin(WireMessages messages, std::uint64_t lanes) {
  std::vector<WireMessages> dealt(lanes);
  if (lanes == 1) {
    dealt[0] = std::move(messages);
    return dealt;
  }
  std::uint64_t begin = 0;
  for (std::uint64_t i = 0; i < messages.count(); ++i) {
    const std::string_view all = messages.bytes;
    append_record(all.substr(begin, messages.ends[i] - begin), dealt[i % lanes]);
    begin = messages.ends[i];
  }
  return dealt;
}

}  // namespace wallaroo::giles
