#include "rotated_log.hpp"

#include <algorithm>
#include <utility>

namespace {

constexpr std::uint64_t read_bytes = 1 << 16;
constexpr std::size_t most_kept = 16;
constexpr std::chrono::seconds keep_for{60};

/// The line without the line end.
std::string_view stripped(std::string_view line) {
  const std::size_t last = line.find_last_not_of("\r\n");
  return line.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

}  // namespace

RotatedLog::RotatedLog(RotatedLogOptions options)
    : options_(std::move(options)),
      folder_(options_.path),
      state_(options_.state),
      segments_(state_.load()) {}

std::optional<LogLine> RotatedLog::next_line(Position position) {
  if (position != position_ || (!file_ && !gone_)) {
    keep(unknown_length);
    gone_ = false;
    if (!go_to(position.value_or(0), position)) {
      return std::nullopt;
    }
  }
  for (;;) {
    if (std::string line = cut_line(); !line.empty()) {
      return give(std::move(line));
    }
    if (read_more()) {
      continue;
    }
    if (!is_finished()) {
      return std::nullopt;
    }
    if (read_more()) {
      continue;  // lines that were written just before it was finished
    }
    if (std::string line = cut_unended(); !line.empty()) {
      return give(std::move(line));
    }
    if (!go_on()) {
      return std::nullopt;
    }
  }
}

void RotatedLog::acknowledged(Position position) {
  std::uint64_t known = 0;
  for (const Segment& each : segments_) {
    known = kept_.empty() || each.start > position.value_or(0) ? known : each.start;
  }
  const Time now = std::chrono::steady_clock::now();
  for (auto next = kept_.begin(); next != kept_.end();) {
    const auto each = next++;
    KeptFile& kept = each->second;
    if (const std::uint64_t size = kept.file.size(); size > kept.length) {
      tell("'", kept.file.path(),
           "' was written to after it was rotated and left: ", size - kept.length,
           " bytes are not sent; a longer --rotate-wait would have waited for them");
      kept.length = unknown_length;
    }
    const bool is_old = each->first < known && now - kept.left_at > keep_for;
    if (is_old || kept_.size() > most_kept) {
      kept_.erase(each);
    }
  }
}

// Lines.

/// Returns a line with its end; nothing if no line is complete yet.
std::string RotatedLog::cut_line() {
  if (const std::size_t end = rest_.find('\n') + 1; skip_to_line_end_ && end != 0) {
    skip(end);
  }
  if (skip_to_line_end_) {
    return {};
  }
  const std::size_t end = rest_.find('\n') + 1;
  std::string line = rest_.substr(0, end);
  rest_.erase(0, end);
  return line;
}

std::string RotatedLog::cut_unended() {
  if (skip_to_line_end_) {
    skip(rest_.size());
  }
  if (!rest_.empty()) {
    segment().torn = segment().start + offset_;
    save();
  }
  return std::exchange(rest_, {});
}

void RotatedLog::skip(std::size_t end) {
  if (const auto left_out = stripped(std::string_view(rest_).substr(0, end)); !left_out.empty()) {
    tell("'", options_.path, "' continued its last line after that was sent without its end; '",
         left_out, "' is left out");
  }
  rest_.erase(0, end);
  skip_to_line_end_ = false;
}

LogLine RotatedLog::give(std::string line) {
  const bool is_full = head_.size() == most_head_bytes && segment().head_bytes < most_head_bytes;
  if (segment().head_bytes == 0 || is_full) {
    save();
  }
  position_ = segment().start + offset_ - rest_.size();
  line.resize(stripped(line).size());
  return {*position_, std::move(line)};
}

void RotatedLog::save() {
  segment().head_bytes = head_.size();
  segment().head_hash = fnv1a(head_);
  state_.save(segments_);
}

// Reading.

/// The length of the segment if another one follows, otherwise `unknown`.
std::uint64_t RotatedLog::length() const {
  return index_ + 1 == segments_.size() ? unknown_length
                                        : segments_[index_ + 1].start - segments_[index_].start;
}

bool RotatedLog::read_more() {
  if (gone_) {
    return false;
  }
  const std::string data = file_->read(offset_, std::min(read_bytes, length() - offset_));
  // Checked after reading: if the file is still unchanged, the bytes that were read are right.
  if (!is_unchanged(*file_)) {
    return turn_to_copy();
  }
  head_.append(data, 0, most_head_bytes - head_.size());
  before_ += data;
  before_.erase(0, before_.size() - std::min(before_.size(), most_before));
  offset_ += data.size();
  rest_ += data;
  return !data.empty();
}

bool RotatedLog::is_unchanged(const OpenFile& file) const {
  return file.size() >= offset_ && file.read(0, head_.size()) == head_ &&
         file.read(offset_ - before_.size(), before_.size()) == before_;
}

/// Call when the file was cut off or rewritten. Looks for a copy of its old content, and reads on
/// there.
bool RotatedLog::turn_to_copy() {
  const Identity changed = file_->identity();
  file_.reset();
  for (const FolderEntry& entry : folder_.ours_first()) {
    std::optional<OpenFile> file;
    if (entry.identity != changed && folder_.is_rotated(entry)) {
      file = OpenFile::try_open(entry.path);
    }
    if (file && is_unchanged(*file) && !is_known(*file)) {
      tell("'", options_.path, "' was copied to '", entry.path,
           "' and cut off; the copy is read to its end");
      segment().inode = entry.identity.inode;
      state_.save(segments_);
      file_ = std::move(file);
      return true;
    }
  }
  tell("'", options_.path, "' was cut off or written anew when ", offset_,
       " bytes of it had been read; it is read from its beginning; bytes behind those, if there "
       "were any, are lost");
  gone_ = true;
  return false;
}

/// Whether nothing more will be written to the file.
bool RotatedLog::is_finished() {
  if (gone_ || !options_.follow || length() == offset_) {
    return true;
  }
  const std::optional<Identity> here = identity_of_path();
  const struct stat info = file_->info();
  if (!here || *here == Identity::of(info)) {
    quiet_size_.reset();
    return false;
  }
  const Time now = std::chrono::steady_clock::now();
  if (const auto size = static_cast<std::uint64_t>(info.st_size); quiet_size_ != size) {
    quiet_since_ = now;
    quiet_size_ = size;
  }
  // Renaming counts as a change of the inode: the writer may not know yet that the file has another
  // name, however long it has been quiet before.
  const std::chrono::nanoseconds changed =
      std::chrono::seconds(info.st_ctim.tv_sec) + std::chrono::nanoseconds(info.st_ctim.tv_nsec);
  const std::chrono::nanoseconds since_change =
      std::chrono::system_clock::now().time_since_epoch() - changed;
  return now - quiet_since_ >= options_.rotate_wait || since_change >= options_.rotate_wait;
}
