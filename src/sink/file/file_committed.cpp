#include "sink/file/file_committed.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <functional>
#include <optional>
#include <random>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "base/failpoint.hpp"
#include "io/file_lock.hpp"
#include "io/socket.hpp"

namespace wallaroo::internal {

namespace {

namespace fs = std::filesystem;

constexpr FailpointGroup points("sink.file");
constexpr std::size_t token_size = 16;
constexpr std::size_t min_index_digits = 6;

std::string directory_of(const std::string& path) {
  const std::string directory = fs::path(path).parent_path().string();
  return directory.empty() ? "." : directory;
}

/// The index of a rolled file. `suffix` is the part of its path behind the sink's path.
std::optional<std::uint64_t> index_in(std::string_view suffix) {
  if (!suffix.starts_with('.') || suffix.size() <= min_index_digits) {
    return std::nullopt;
  }
  suffix.remove_prefix(1);
  std::uint64_t index = 0;
  const auto [end, error] =
      std::from_chars(suffix.data(), suffix.data() + suffix.size(), index, 10);
  const bool whole = error == std::errc() && end == suffix.data() + suffix.size();
  return whole && index != 0 && fmt::format("{:06}", index) == suffix ? std::optional(index)
                                                                      : std::nullopt;
}

void require(const std::string& who, std::string_view action, int error) {
  if (error != 0) {
    throw IoError(fmt::format("{}: cannot {}: {}", who, action, error_text(error)));
  }
}

}  // namespace

CommittedFiles::CommittedFiles(std::string who, std::string path)
    : steps_(std::move(who)),
      path_(std::move(path)),
      directory_(directory_of(path_)),
      part_prefix_(fmt::format(".{}.uncommitted.", fs::path(path_).filename().string())) {}

std::string CommittedFiles::new_part_name() const {
  std::random_device random;
  return fmt::format("{}{:08x}{:08x}", part_prefix_, random(), random());
}

FileEnd CommittedFiles::begin(bool append, bool rolls) const {
  FileEnd end;
  if (rolls) {
    const std::vector<std::uint64_t> indices = rolled_files();
    end.index = append && !indices.empty() ? indices.back() : 1;
    if (const FileDescriptor last = steps_.open_for_reading(file(end.index));
        append && last && steps_.size(last, file(end.index)) > 0) {
      ++end.index;
    }
    for (auto index = indices.rbegin(); index != indices.rend() && !append; ++index) {
      steps_.remove(file(*index));
    }
  }
  const FileDescriptor first = steps_.open_for_writing(file(end.index));
  if (!append) {
    steps_.truncate(first, 0, file(end.index));
  }
  end.bytes = steps_.size(first, file(end.index));
  steps_.sync_directory(directory_);
  return end;
}

void CommittedFiles::prepare(const std::vector<std::pair<std::string, int>>& files) const {
  require(steps_.who(), "prepare a commit", points.before("prepare"));
  for (const auto& [name, descriptor] : files) {
    steps_.sync(descriptor, part_path(name));
  }
  steps_.sync_directory(directory_);
  require(steps_.who(), "prepare a commit", points.after("prepare"));
}

void CommittedFiles::commit(const FileTransaction& transaction) const {
  require(steps_.who(), "commit", points.before("commit"));
  const Pieces& pieces = transaction.pieces;
  for (auto first = pieces.begin(); first != pieces.end();) {
    const auto last = std::find_if(
        first, pieces.end(), [&](const FilePiece& piece) { return piece.file != first->file; });
    commit_file(first, last, transaction);
    first = last;
  }
  const FileEnd& end = transaction.end;
  const FileDescriptor current = steps_.open_for_reading(file(end.index));
  const std::uint64_t there = current ? steps_.size(current, file(end.index)) : 0;
  require_bytes(there, {.file = end.index, .file_offset = end.bytes}, transaction);
  require(steps_.who(), "commit", points.after("commit"));
}

void CommittedFiles::commit_file(Pieces::const_iterator first, Pieces::const_iterator last,
                                 const FileTransaction& transaction) const {
  const std::string path = file(first->file);
  if (first->file != 0 && steps_.open_for_reading(file(first->file + 1))) {
    return;
  }
  const bool existed = static_cast<bool>(steps_.open_for_reading(path));
  FileDescriptor target;
  for (auto piece = first; piece != last; ++piece) {
    const std::string part_file = part_path(piece->part);
    const FileDescriptor part = steps_.open_for_reading(part_file);
    if (!part) {
      continue;  // it was committed
    }
    if (!target) {
      require_bytes(existed ? piece->file_offset : 0, *piece, transaction);
      target = steps_.open_for_writing(path);
    }
    require_bytes(steps_.size(target, path), *piece, transaction);
    steps_.copy({part, piece->part_offset}, {target, piece->file_offset}, piece->bytes, path);
  }
  if (target) {
    const FilePiece& final_piece = *std::prev(last);
    steps_.truncate(target, final_piece.file_offset + final_piece.bytes, path);
    steps_.sync(target.get(), path);
    if (!existed) {
      steps_.sync_directory(directory_);
    }
  }
}

/// Throws unless everything before the piece is in the final file.
void CommittedFiles::require_bytes(std::uint64_t there, const FilePiece& piece,
                                   const FileTransaction& transaction) const {
  if (there >= piece.file_offset) {
    return;
  }
  const std::string path = file(piece.file);
  const bool moved = transaction.path != path_;
  throw IoError(fmt::format(
      "{}: '{}' is missing or was shortened: {} bytes were committed to it and {} are there{}; put "
      "the file back as it was, or start anew with another directory for checkpoints",
      steps_.who(), path, piece.file_offset, there,
      moved ? fmt::format(" (the checkpoint was taken while the sink wrote to '{}')",
                          transaction.path)
            : ""));
}

void CommittedFiles::cut_back(const FileTransaction& transaction) const {
  require(steps_.who(), "recover", points.before("recover"));
  const FileEnd& end = transaction.end;
  if (end.index != 0) {
    const std::vector<std::uint64_t> indices = rolled_files();
    for (auto index = indices.rbegin(); index != indices.rend() && *index > end.index; ++index) {
      steps_.remove(file(*index));
    }
  }
  const FileDescriptor current = steps_.open_for_writing(file(end.index));
  steps_.truncate(current, end.bytes, file(end.index));
  steps_.sync_directory(directory_);
  require(steps_.who(), "recover", points.after("recover"));
}

void CommittedFiles::remove_parts(const std::vector<std::string>& names) const {
  for (const std::string& name : names) {
    steps_.remove(part_path(name));
  }
}

void CommittedFiles::remove_stale_parts() const { remove_parts(part_names()); }

bool CommittedFiles::part_in_use() const {
  const std::vector<std::string> names = part_names();
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    const FileDescriptor part = steps_.open_for_reading(part_path(name));
    return part && !lock_file(part.get(), true);
  });
}

std::vector<std::string> CommittedFiles::part_names() const {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(directory_, error), none; !error && entry != none;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with(part_prefix_) && name.size() == part_prefix_.size() + token_size) {
      names.push_back(name);
    }
  }
  if (error != std::errc::no_such_file_or_directory) {
    require(steps_.who(), fmt::format("list the files in '{}'", directory_), error.value());
  }
  return names;
}

bool CommittedFiles::has_later(std::uint64_t index) const {
  const std::vector<std::uint64_t> indices =
      index == 0 ? std::vector<std::uint64_t>{} : rolled_files();
  return !indices.empty() && indices.back() > index;
}

std::vector<std::string> CommittedFiles::existing_rolled() const {
  std::vector<std::string> paths;
  if (std::error_code error; fs::is_directory(directory_, error)) {
    for (const std::uint64_t index : rolled_files()) {
      paths.push_back(file(index));
    }
  }
  return paths;
}

/// Returns the indexes of the rolled files that exist, in ascending order.
std::vector<std::uint64_t> CommittedFiles::rolled_files() const {
  const std::string own = fs::path(path_).filename().string();
  std::vector<std::uint64_t> indices;
  std::error_code error;
  for (fs::directory_iterator entry(directory_, error), none; !error && entry != none;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (const auto index = name.starts_with(own)
                               ? index_in(std::string_view(name).substr(own.size()))
                               : std::nullopt) {
      indices.push_back(*index);
    }
  }
  require(steps_.who(), fmt::format("list the files in '{}'", directory_), error.value());
  std::sort(indices.begin(), indices.end());
  return indices;
}

}  // namespace wallaroo::internal
