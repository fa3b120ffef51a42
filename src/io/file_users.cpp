#include "io/file_users.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <unistd.h>

#include <wallaroo/types/error.hpp>

namespace wallaroo::internal {

namespace {

constexpr std::size_t min_digits = 6;

std::optional<FileIdAndKind> place_of(const std::string& path, int standard_stream) {
  return path == "-" ? find_file_id(standard_stream) : find_file_id(path);
}

std::string named(const std::string& path, std::string_view standard_stream) {
  return path == "-" ? std::string(standard_stream) : fmt::format("'{}'", path);
}

bool in_sequence(const FileId& base, const FileId& place) {
  const std::string_view name = place.name;
  if (place.device != base.device || place.inode != base.inode || !name.starts_with(base.name)) {
    return false;
  }
  const std::string_view added = name.substr(base.name.size());
  return added.size() > min_digits && added.front() == '.' &&
         added.find_first_not_of("0123456789", 1) == added.npos;
}

}  // namespace

void FileUsers::add_writer(const std::string& who, const WrittenFiles& files) {
  if (!files.sequence.empty()) {
    add_sequence({who, files.sequence});
  }
  for (const std::string& path : files.paths) {
    add_path({who, path});
  }
}

void FileUsers::add_path(const Use& use) {
  const auto found = place_of(use.path, STDOUT_FILENO);
  if (!found || found->kind == FileKind::other) {
    return;
  }
  const auto [place, is_new] = written_.emplace(found->place, use);
  const Use* const other = is_new ? sequence_with(found->place) : &place->second;
  if (other != nullptr && other->who != use.who) {
    throw ConfigError(fmt::format(
        "{} and {} would write to one file and overwrite each other ({} and {}): give each its own",
        other->who, use.who, named(other->path, "standard output"),
        named(use.path, "standard output")));
  }
}

void FileUsers::add_sequence(const Use& use) {
  const auto base = find_place_of_name(use.path);
  if (!base) {
    return;
  }
  const auto refuse = [&](const Use& other) {
    throw ConfigError(fmt::format(
        "{} would write to '{}' and {} to '{}.000001' and so on, and overwrite each other: give "
        "each its own",
        other.who, other.path, use.who, use.path));
  };
  for (const Sequence& other : sequences_) {
    if (other.base == *base) {
      refuse(other.use);
    }
  }
  for (const auto& [place, other] : written_) {
    if (in_sequence(*base, place)) {
      refuse(other);
    }
  }
  sequences_.push_back({*base, use});
}

const FileUsers::Use* FileUsers::sequence_with(const FileId& place) const {
  const auto found =
      std::find_if(sequences_.begin(), sequences_.end(),
                   [&](const Sequence& sequence) { return in_sequence(sequence.base, place); });
  return found == sequences_.end() ? nullptr : &found->use;
}

void FileUsers::add_reader(const std::string& who, const std::vector<std::string>& paths) const {
  for (const std::string& path : paths) {
    const auto found = place_of(path, STDIN_FILENO);
    if (!found || found->kind != FileKind::regular) {
      continue;
    }
    if (const auto writer = written_.find(found->place); writer != written_.end()) {
      throw ConfigError(fmt::format(
          "{} reads {}, and {} would write to it (as {}): give one of them another file", who,
          named(path, "standard input"), writer->second.who,
          named(writer->second.path, "standard output")));
    }
  }
}

}  // namespace wallaroo::internal
