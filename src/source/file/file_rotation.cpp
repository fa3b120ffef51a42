#include "source/file/file_rotation.hpp"

#include <algorithm>
#include <cerrno>
#include <compare>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <wallaroo/types/error.hpp>

#include "io/file_descriptor.hpp"
#include "io/socket.hpp"

namespace wallaroo::internal {
namespace {

namespace fs = std::filesystem;

/// A rotation's number has at most so many digits; more are a date or a time.
constexpr std::size_t max_number_digits = 3;

/// Says why the file is not the one that was being read; empty if it is.
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
  return content_difference(file.get(), position);
}

std::string directory_of(const std::string& path) {
  const std::string directory = fs::path(path).parent_path().string();
  return directory.empty() ? "." : directory;
}

/// The names of the files in a directory, sorted.
std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), none; !error && entry != none;
       entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// A rotated file, by what log rotation has added to its name.
struct Rotation {
  std::string name;
  std::uint64_t number = 0;  ///< the higher, the older; only if `date` is empty
  std::string date = {};     ///< the greater, the younger
  bool compressed = false;
};

/// `name` without `prefix` and `suffix`, if it has them around something.
std::optional<std::string_view> between(std::string_view name, std::string_view prefix,
                                        std::string_view suffix) {
  if (name.size() <= prefix.size() + suffix.size() || !name.starts_with(prefix) ||
      !name.ends_with(suffix)) {
    return std::nullopt;
  }
  name.remove_prefix(prefix.size());
  name.remove_suffix(suffix.size());
  return name;
}

/// Recognizes, for "app.log": app.log.1, app.log-20260131, app-20260131.log, app.log.2.gz.
std::optional<Rotation> rotation_of(const fs::path& configured, const std::string& name) {
  std::string_view plain = name;
  bool compressed = false;
  for (const std::string_view ending : {".gz", ".bz2", ".xz", ".zst", ".lz4", ".Z", ".zip"}) {
    if (plain.ends_with(ending)) {
      plain.remove_suffix(ending.size());
      compressed = true;
      break;
    }
  }
  auto added = between(plain, configured.filename().string(), "");
  if (!added) {
    added = between(plain, configured.stem().string(), configured.extension().string());
  }
  if (!added || (added->front() != '.' && added->front() != '-' && added->front() != '_')) {
    return std::nullopt;
  }
  added->remove_prefix(1);
  if (added->empty() || added->find_first_not_of("0123456789-_.:T") != added->npos) {
    return std::nullopt;
  }
  Rotation rotation{.name = name, .compressed = compressed};
  if (added->size() <= max_number_digits && added->find_first_not_of("0123456789") == added->npos) {
    rotation.number = std::stoull(std::string(*added));
  } else {
    rotation.date = *added;
  }
  return rotation;
}

bool younger(const Rotation& a, const Rotation& b) {
  if (a.date.empty() != b.date.empty()) {
    return false;  // of another naming scheme
  }
  return a.date.empty() ? a.number < b.number : a.date > b.date;
}

[[noreturn]] void refuse_gap(const FilePosition& position, const std::string& found,
                             std::string_view what) {
  throw IoError(
      fmt::format("the checkpoint was taken at byte {} of {} (behind record {}), which is {} now; "
                  "{}: put back the files that were written in between, uncompressed, or start "
                  "anew with another directory for checkpoints",
                  position.offset_bytes, position.path, position.records, found, what));
}

/// The rotated files between the found file and the one that has the name now, oldest first.
std::vector<Rotation> rotated_since(const FilePosition& position, const std::string& found) {
  const fs::path configured(position.path);
  const auto own = rotation_of(configured, fs::path(found).filename().string());
  std::vector<Rotation> since;
  if (!own || directory_of(found) != directory_of(position.path)) {
    return since;
  }
  const std::vector<std::string> names = names_in(directory_of(found));
  for (const std::string& name : names) {
    auto rotation = rotation_of(configured, name);
    // A file that is being compressed exists twice.
    const bool twice = rotation && rotation->compressed &&
                       std::binary_search(names.begin(), names.end(), fs::path(name).stem());
    if (rotation && !twice && younger(*rotation, *own)) {
      since.push_back(std::move(*rotation));
    }
  }
  std::sort(since.begin(), since.end(),
            [](const Rotation& a, const Rotation& b) { return younger(b, a); });
  std::uint64_t number = own->number;
  for (const Rotation& each : since) {
    if (each.compressed) {
      refuse_gap(position, found, fmt::format("{}, which follows it, is compressed", each.name));
    }
    if (each.date.empty() && each.number + 1 != number) {
      break;
    }
    number = each.number;
  }
  if (own->date.empty() && number > 1) {
    const std::string missing = fmt::format("the file with the number {}", number - 1);
    refuse_gap(position, found, fmt::format("{}, which follows it, is missing", missing));
  }
  return since;
}

FoundFile with_followers(const FilePosition& position, std::string found) {
  FoundFile file{.path = std::move(found)};
  if (file.path == position.path) {
    return file;
  }
  const std::string directory = fs::path(file.path).parent_path().string();
  for (const Rotation& rotation : rotated_since(position, file.path)) {
    file.followers.push_back((fs::path(directory) / rotation.name).string());
  }
  file.followers.push_back(position.path);
  return file;
}

}  // namespace

std::optional<std::string> find_renamed(const std::string& path, const FileIdentity& identity) {
  for (const std::string& name : names_in(directory_of(path))) {
    std::string other = (fs::path(path).parent_path() / name).string();
    if (is_file(other, identity)) {
      return other;
    }
  }
  return std::nullopt;
}

bool is_file_of(const std::string& path, const FilePosition& position) {
  return is_file(path, position.identity) && difference(path, position, true).empty();
}

FoundFile find_file(const FilePosition& position, const std::vector<std::string>& paths) {
  const auto is_it = [&](const std::string& path) { return is_file_of(path, position); };
  if (is_it(position.path)) {
    return {.path = position.path};
  }
  const fs::path directory = fs::path(position.path).parent_path();
  const std::vector<std::string> names = names_in(directory_of(position.path));
  std::vector<std::string> elsewhere = paths;
  for (const std::string& name : names) {
    elsewhere.push_back((directory / name).string());
  }
  if (const auto found = std::find_if(elsewhere.begin(), elsewhere.end(), is_it);
      found != elsewhere.end()) {
    return with_followers(position, *found);
  }
  const std::string why = difference(position.path, position, false);
  if (why.empty()) {
    return {.path = position.path};
  }
  for (const std::string& name : names) {
    const auto rotation = rotation_of(position.path, name);
    const std::string path = (directory / name).string();
    if (position.offset_bytes != 0 && rotation && !rotation->compressed &&
        difference(path, position, false).empty()) {
      return with_followers(position, path);
    }
  }
  throw IoError(fmt::format(
      "the checkpoint was taken at byte {} of {} (behind record {}), which is not the same file "
      "any more: {}, and no other file in its directory is the right one; put the file back (a "
      "copy will do), or start anew with another directory for checkpoints",
      position.offset_bytes, position.path, position.records, why));
}

}  // namespace wallaroo::internal
