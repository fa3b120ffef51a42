#include "source/file/file_reader.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "source/file/file_rotation.hpp"
#include "source/naming.hpp"

namespace wallaroo::internal {

FileReader::FileReader(const FileReaderParts& parts, FileSpot spot, std::uint64_t partition)
    : parts_(parts),
      spot_(std::move(spot)),
      stream_(display_name(spot_.files.front()), parts.pool) {
  stream_.partition = partition;
  if (spot_.position) {
    stream_.records = spot_.position->records;
    read_bytes_ = spot_.position->offset_bytes;
  }
}

void FileReader::open() {
  if (input_) {
    return;
  }
  naming_source(parts_.plan.source, [&] { opened_ ? open_again() : open_file(read_bytes_); });
}

void FileReader::open_file(std::uint64_t offset_bytes) {
  real_path_ = spot_.files[file_];
  input_.emplace(real_path_, parts_.context.loop);
  regular_ = input_->regular();
  identity_ = {.device = input_->device(), .inode = input_->inode()};
  identified_ = false;
  opened_ = true;
  if (offset_bytes != 0) {
    input_->seek(offset_bytes);
  }
}

/// Opens the file again, under its new name if log rotation has renamed it meanwhile.
void FileReader::open_again() {
  if (!is_file(real_path_, identity_)) {
    const auto renamed = find_renamed(real_path_, identity_);
    if (!renamed) {
      fail("it was replaced or removed while it was read");
    }
    real_path_ = *renamed;
  }
  input_.emplace(real_path_, parts_.context.loop);
  input_->seek(read_bytes_);
}

// A merge must know the first time of each file before it reads more, so first reads are small.
std::size_t FileReader::read_limit() const {
  constexpr std::size_t first_read_bytes = 4096;
  return parts_.plan.merge && !read_something_ ? first_read_bytes : PollBudget::max_read_bytes;
}

bool FileReader::read(PollBudget& budget) {
  FrameBuffer& buffer = stream_.buffer;
  std::span<char> room = buffer.prepare();
  room = room.first(std::min(room.size(), read_limit()));
  const IoResult result = input_->read(room);
  buffer.commit(result.bytes);
  if (result.would_block()) {
    return false;
  }
  if (result.error != 0) {
    fail(fmt::format("cannot read on: {}", error_text(result.error)));
  }
  if (result.at_end()) {
    if (input_->shrank(read_bytes_)) {
      fail("the file was cut short while it was read");
    }
    ended_ = true;
    return true;
  }
  read_bytes_ += result.bytes;
  stream_.ingest_ns = parts_.context.clock.now_ns();
  parts_.context.metrics.bytes.add(result.bytes);
  budget.took_read(result.bytes);
  read_something_ = true;
  return true;
}

void FileReader::deliver(PollBudget& budget) {
  if (const auto error = parts_.delivery.deliver(stream_, budget)) {
    refuse(*error);
  }
}

// The next file is opened at once, because a position between the two would not tell which is next.
bool FileReader::next_file() {
  const std::uint64_t at_bytes = offset_bytes();
  const StreamEnd end = parts_.delivery.finish(stream_);
  if (end.cut_off) {
    parts_.context.metrics.bad_records.add();
    parts_.context.log.warning(
        "source '{}': {}, record {} (at byte {}): the file {}; the record is dropped",
        parts_.plan.source, stream_.origin, stream_.records + 1, at_bytes, *end.cut_off);
  }
  if (++file_ == spot_.files.size()) {
    return false;
  }
  input_.reset();
  ended_ = false;
  read_bytes_ = 0;
  stream_.records = 0;
  stream_.origin = display_name(spot_.files[file_]);
  naming_source(parts_.plan.source, [&] { open_file(0); });
  return true;
}

void FileReader::tell(FilePosition& position) {
  if (!opened_) {
    if (spot_.position) {
      position.inside = true;
      position.offset_bytes = spot_.position->offset_bytes;
      position.records = spot_.position->records;
      position.identity = spot_.position->identity;
    }
    return;
  }
  if (!regular_) {
    return;
  }
  const std::uint64_t at_bytes = offset_bytes();
  if (!identified_ || identified_at_ != at_bytes) {
    const bool was_open = is_open();
    open();
    identity_ = naming_source(parts_.plan.source, [&] {
      return identify(input_->descriptor(), at_bytes, identified_ ? identity_ : FileIdentity{});
    });
    identified_ = true;
    identified_at_ = at_bytes;
    if (!was_open) {
      close();
    }
  }
  position.inside = true;
  position.offset_bytes = at_bytes;
  position.records = stream_.records;
  position.identity = identity_;
}

void FileReader::refuse(std::string_view error) {
  parts_.context.metrics.framing_errors.add();
  fail(fmt::format("{}; raise max_frame_bytes, or correct the framing", error));
}

void FileReader::fail(std::string_view error) const {
  throw IoError(fmt::format("source '{}': {}, record {} (at byte {}): {}", parts_.plan.source,
                            stream_.origin, stream_.records + 1, offset_bytes(), error));
}

}  // namespace wallaroo::internal
