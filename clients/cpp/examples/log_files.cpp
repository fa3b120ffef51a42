#include "log_files.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace {

constexpr std::string_view state_heading = "wallaroo tail_file 1";
constexpr std::size_t most_segments = 1000;

[[noreturn]] void fail(const std::string& what, int error) {
  throw std::runtime_error(what + ": " + std::strerror(error));
}

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

/// Makes the content of a file, or the names in a folder, durable.
int fsync_path(const std::string& path, int flags) {
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC);
  if (descriptor < 0) {
    return errno;
  }
  const int error = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  return error;
}

}  // namespace

std::uint64_t fnv1a(std::string_view bytes) {
  std::uint64_t value = hash_of_nothing;
  for (const char byte : bytes) {
    value = (value ^ static_cast<unsigned char>(byte)) * 0x100000001B3U;
  }
  return value;
}

std::vector<Segment> LogState::load() const {
  std::ifstream file(path_);
  if (!file) {
    return {};
  }
  std::vector<Segment> segments;
  std::string line;
  bool good = std::getline(file, line) && line == state_heading;
  while (good && std::getline(file, line)) {
    Segment each;
    std::istringstream fields(line);
    good = static_cast<bool>(fields >> each.start >> each.inode >> each.head_bytes >>
                             each.head_hash >> each.torn);
    segments.push_back(each);
  }
  if (!good) {
    throw std::runtime_error("'" + path_ +
                             "' is not a state file of tail_file; give another --state, or remove "
                             "it to begin with the file as it is");
  }
  return segments;
}

void LogState::save(const std::vector<Segment>& segments) const {
  const std::string temporary = path_ + ".new";
  int error = 0;
  {
    std::ofstream file(temporary, std::ios::trunc);
    file << state_heading << '\n';
    const std::size_t first = segments.size() - std::min(segments.size(), most_segments);
    for (std::size_t i = first; i != segments.size(); ++i) {
      const Segment& each = segments[i];
      file << each.start << ' ' << each.inode << ' ' << each.head_bytes << ' ' << each.head_hash
           << ' ' << each.torn << '\n';
    }
    file.close();
    error = file ? 0 : errno == 0 ? EIO : errno;
  }
  error = error == 0 ? fsync_path(temporary, O_RDONLY) : error;
  if (error == 0 && std::rename(temporary.c_str(), path_.c_str()) != 0) {
    error = errno;
  }
  error = error == 0 ? fsync_path(folder_of(path_), O_RDONLY | O_DIRECTORY) : error;
  if (error != 0) {
    throw std::runtime_error("cannot write the state file '" + path_ + "': " +
                             std::strerror(error) + "; give --state a path that can be written");
  }
}

std::optional<OpenFile> OpenFile::open(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) {
    if (errno == ENOENT) {
      return std::nullopt;
    }
    fail("cannot open '" + path + "'", errno);
  }
  OpenFile file(path, descriptor);
  if (!S_ISREG(file.info().st_mode)) {
    throw std::runtime_error("'" + path + "' is not a regular file");
  }
  return file;
}

std::optional<OpenFile> OpenFile::try_open(const std::string& path) {
  try {
    return open(path);
  } catch (const std::runtime_error&) {
    return std::nullopt;
  }
}

OpenFile::OpenFile(OpenFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

OpenFile& OpenFile::operator=(OpenFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

OpenFile::~OpenFile() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

struct stat OpenFile::info() const {
  struct stat info = {};
  if (::fstat(descriptor_, &info) != 0) {
    fail("cannot look at '" + path_ + "'", errno);
  }
  return info;
}

std::string OpenFile::read(std::uint64_t offset, std::uint64_t count) const {
  std::string bytes(count, '\0');
  std::size_t have = 0;
  while (have != count) {
    const ssize_t more =
        ::pread(descriptor_, bytes.data() + have, count - have, static_cast<off_t>(offset + have));
    if (more < 0 && errno == EINTR) {
      continue;
    }
    if (more < 0) {
      fail("cannot read '" + path_ + "'", errno);
    }
    if (more == 0) {
      break;
    }
    have += static_cast<std::size_t>(more);
  }
  bytes.resize(have);
  return bytes;
}

bool OpenFile::begins_as(const Segment& segment) const {
  const std::string head = read(0, std::min<std::uint64_t>(segment.head_bytes, most_head_bytes));
  return head.size() == segment.head_bytes && fnv1a(head) == segment.head_hash;
}

bool OpenFile::has(const Segment& segment, std::uint64_t offset) const {
  if (size() < offset || !begins_as(segment)) {
    return false;
  }
  return offset == 0 || segment.start + offset == segment.torn || read(offset - 1, 1) == "\n";
}

std::int64_t changed_ns(const struct stat& info) {
  return std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec;
}

LogFolder::LogFolder(const std::string& log_path)
    : path_(folder_of(log_path)), name_(std::filesystem::path(log_path).filename().string()) {}

std::vector<FolderEntry> LogFolder::entries() const {
  std::vector<FolderEntry> found;
  for (const auto& each : std::filesystem::directory_iterator(path_)) {
    struct stat info = {};
    if (::stat(each.path().c_str(), &info) == 0 && S_ISREG(info.st_mode)) {
      found.push_back({each.path().filename().string(), each.path().string(), Identity::of(info),
                       changed_ns(info)});
    }
  }
  return found;
}

std::vector<FolderEntry> LogFolder::ours_first() const {
  std::vector<FolderEntry> found = entries();
  std::stable_partition(found.begin(), found.end(),
                        [&](const FolderEntry& each) { return each.name.starts_with(name_); });
  return found;
}

bool LogFolder::is_rotated(const FolderEntry& entry) const {
  static const std::regex suffix("[-._]?[0-9][0-9TZ:._-]*");  // what rotation appends to a name
  return entry.name.starts_with(name_) && std::regex_match(entry.name.substr(name_.size()), suffix);
}

LogFolder::Age LogFolder::age(const FolderEntry& entry) const {
  std::string suffix = entry.name.substr(std::min(name_.size(), entry.name.size()));
  suffix.erase(0, std::min(suffix.find_first_not_of("-._"), suffix.size()));
  const bool is_number = !suffix.empty() && suffix.size() < 6 &&
                         suffix.find_first_not_of("0123456789") == std::string::npos;
  return {entry.changed_ns, is_number ? -std::stoll(suffix) : -1'000'000, entry.name};
}
