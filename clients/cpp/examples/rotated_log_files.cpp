// From file to file.
#include <algorithm>
#include <cerrno>
#include <utility>

#include "rotated_log.hpp"

/// Returns false when the file is missing.
bool RotatedLog::go_to(std::uint64_t wanted, Position position) {
  if (segments_.empty()) {
    return adopt(wanted, position);
  }
  index_ = 0;
  while (index_ + 1 < segments_.size() && segments_[index_ + 1].start <= wanted) {
    ++index_;
  }
  wanted = std::max(wanted, segment().start);
  for (;;) {
    const std::uint64_t offset = wanted - segment().start;
    if (std::optional<OpenFile> file = find(offset)) {
      read_from(*std::move(file), offset, position);
      return true;
    }
    if (options_.follow && !identity_of_path()) {
      return false;
    }
    if (index_ + 1 == segments_.size()) {
      break;
    }
    const std::uint64_t following = segments_[index_ + 1].start;
    tell_lost(wanted, following, position);
    ++index_;
    wanted = following;
  }
  if (segment().head_bytes != 0) {
    tell("the file in which '", options_.path, "' was at byte ", wanted,
         " is not there any more, or was written anew; bytes behind that, if there were any, are "
         "lost");
  }
  return begin_at_path(wanted, position);
}

void RotatedLog::tell_lost(std::uint64_t start, std::uint64_t end, Position position) const {
  const std::string lost = "bytes " + std::to_string(start) + " to " + std::to_string(end) +
                           " of what '" + options_.path + "' has held are in no file any more";
  if (position && !options_.skip_lost) {
    throw LostLines("the application asks for lines that are lost: " + lost +
                    "; bring the file back to its directory, or give --skip-lost to go on without "
                    "them");
  }
  tell(lost, "; they are left out");
}

/// Call when there is no state file.
bool RotatedLog::adopt(std::uint64_t wanted, Position position) {
  std::optional<OpenFile> file;
  if (wanted != 0) {
    file = open_path();
  }
  if (file) {
    Segment assumed;
    assumed.inode = file->identity().inode;
    if (file->has(assumed, wanted) || file->size() == wanted) {
      tell("there is no state file: assuming that '", options_.path,
           "' is the file of which the application has ", wanted, " bytes");
      segments_ = {assumed};
      index_ = 0;
      read_from(*std::move(file), wanted, position);
      return true;
    }
    tell("'", options_.path, "' is not the file of which the application has ", wanted,
         " bytes; it is read from its beginning; what the other file had behind them is lost");
  }
  return begin_at_path(wanted, position);
}

bool RotatedLog::begin_at_path(std::uint64_t start, Position position) {
  std::optional<OpenFile> file = open_path();
  if (!file) {
    return false;
  }
  begin(*std::move(file), start, position);
  return true;
}

/// Begins a new segment, which is not saved before it has a line.
void RotatedLog::begin(OpenFile file, std::uint64_t start, Position position) {
  std::erase_if(segments_, [&](const Segment& each) { return each.start >= start; });
  Segment& added = segments_.emplace_back();
  added.start = start;
  added.inode = file.identity().inode;
  index_ = segments_.size() - 1;
  read_from(std::move(file), 0, position);
}

void RotatedLog::read_from(OpenFile file, std::uint64_t offset, Position position) {
  const std::uint64_t before = std::min<std::uint64_t>(most_before, offset);
  file_ = std::move(file);
  gone_ = false;
  quiet_size_.reset();
  position_ = position;
  offset_ = offset;
  rest_.clear();
  head_ = file_->read(0, std::min<std::uint64_t>(most_head_bytes, offset));
  before_ = file_->read(offset - before, before);
  skip_to_line_end_ = offset != 0 && !before_.ends_with('\n');
}

/// Goes on to the next file. Returns false when there is none yet.
bool RotatedLog::go_on() {
  const std::uint64_t end = segment().start + offset_;
  if (length() != unknown_length) {
    const std::uint64_t following = segments_[index_ + 1].start;
    if (end < following) {
      tell_lost(end, following, position_);
    }
    keep(offset_);
    return go_to(following, position_);
  }
  std::optional<OpenFile> file = successor();
  if (!file) {
    return false;
  }
  tell("'", options_.path, "' was rotated; going on with '", file->path(), "'");
  keep(offset_);
  begin(*std::move(file), end, position_);
  return true;
}

std::optional<OpenFile> RotatedLog::successor() {
  const std::optional<Identity> here = identity_of_path();
  if (!here || gone_) {
    return open_path();
  }
  const struct stat info = file_->info();
  if (*here == Identity::of(info)) {
    return std::nullopt;
  }
  std::vector<FolderEntry> entries = folder_.entries();
  FolderEntry read{
      .name = {}, .path = {}, .identity = Identity::of(info), .changed_ns = changed_ns(info)};
  for (const FolderEntry& each : entries) {
    read.name = each.identity == read.identity ? each.name : read.name;
  }
  std::sort(entries.begin(), entries.end(), [&](const FolderEntry& one, const FolderEntry& other) {
    return folder_.age(one) < folder_.age(other);
  });
  for (const FolderEntry& each : entries) {
    if (folder_.is_rotated(each) && each.identity != *here && each.identity != read.identity &&
        folder_.age(each) > folder_.age(read)) {
      std::optional<OpenFile> file = OpenFile::try_open(each.path);
      if (file && !is_known(*file)) {
        return file;
      }
    }
  }
  return open_path();
}

// Files.

std::optional<OpenFile> RotatedLog::find(std::uint64_t offset) {
  const std::uint64_t least = length() == unknown_length ? offset : length();
  if (auto kept = kept_.extract(segment().start)) {
    OpenFile& file = kept.mapped().file;
    if (file.size() >= least && file.has(segment(), offset)) {
      return std::move(file);
    }
  }
  return find_in_folder(offset, least);
}

std::optional<OpenFile> RotatedLog::find_in_folder(std::uint64_t offset, std::uint64_t least) {
  std::optional<OpenFile> copy;
  for (const FolderEntry& entry : folder_.ours_first()) {
    std::optional<OpenFile> file = OpenFile::try_open(entry.path);
    if (!file || file->size() < least || !file->has(segment(), offset)) {
      continue;
    }
    if (entry.identity.inode == segment().inode) {
      return file;
    }
    if (!copy && segment().head_bytes != 0 && folder_.is_ours(entry) && !is_known(*file)) {
      copy = std::move(file);
    }
  }
  if (copy) {
    segment().inode = copy->identity().inode;
  }
  return copy;
}

bool RotatedLog::is_known(const OpenFile& file) const {
  const std::uint64_t inode = file.identity().inode;
  return std::any_of(segments_.begin(), segments_.end(), [&](const Segment& each) {
    return each.inode == inode && each.head_bytes != 0 && file.begins_as(each);
  });
}

std::optional<Identity> RotatedLog::identity_of_path() {
  struct stat info = {};
  if (::stat(options_.path.c_str(), &info) == 0) {
    missing_ = false;
    return Identity::of(info);
  }
  if (errno != ENOENT) {
    throw std::runtime_error("cannot look at '" + options_.path + "'");
  }
  if (!std::exchange(missing_, true) && options_.follow) {
    tell("'", options_.path, "' does not exist; waiting for it");
  }
  return std::nullopt;
}

/// Returns nothing while the file is missing, if the program should wait for it.
std::optional<OpenFile> RotatedLog::open_path() {
  std::optional<OpenFile> file = OpenFile::open(options_.path);
  if (!file && !options_.follow) {
    throw std::runtime_error("cannot open '" + options_.path + "': there is no such file");
  }
  if (!file) {
    (void)identity_of_path();
  }
  return file;
}

/// Keeps the file open, because the application may ask for its lines again.
void RotatedLog::keep(std::uint64_t length) {
  if (file_) {
    kept_.insert_or_assign(segment().start,
                           KeptFile{*std::move(file_), length, std::chrono::steady_clock::now()});
  }
  file_.reset();
}
