#include "source/file_connector.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <wallaroo/error.hpp>

#include "source/naming.hpp"

namespace wallaroo::internal {

FileConnector::FileConnector(const FilePlan& plan, const ConnectorContext& context)
    : plan_(plan), context_(context), delivery_(plan.framer, context), warned_(!plan.restored) {
  if (plan.resume) {
    const FilePosition& position = plan.resume->position;
    next_path_ = position.path_index;
    passes_ = position.passes;
    pass_had_bytes_ = position.pass_had_bytes;
    finished_ = position.finished;
    if (finished_) {
      last_ = position;
    } else if (position.inside) {
      resume_ = plan.resume;
    }
  }
}

void FileConnector::start() {
  if (!finished_) {
    context_.receiver.open_partition(0);
  }
}

bool FileConnector::poll() {
  bool worked = false;
  PollBudget budget;
  while (!finished_ && budget.left() && !context_.receiver.blocked()) {
    if (!current_) {
      worked = true;
      --budget.batches;
      finished_ = stopped_ || !open_next();
      continue;
    }
    if (current_->stream.buffer.starved() && !current_->ended && !stopped_ && !read(budget)) {
      break;
    }
    worked = true;
    deliver(budget);
    if (current_->stream.buffer.starved() && stopped_) {
      end_stopped();
    } else if (current_->stream.buffer.starved() && current_->ended) {
      end_file();
    }
  }
  return worked || !(finished_ || waiting());
}

bool FileConnector::waiting() const {
  return current_ && current_->stream.buffer.starved() && !current_->ended && !stopped_ &&
         !current_->input.ready();
}

bool FileConnector::open_next() {
  if (resume_) {
    naming_source(plan_.source, [&] { open_resumed(); });
    return true;
  }
  if (next_path_ == plan_.paths.size()) {
    next_path_ = 0;
    ++passes_;
    // Files that are all empty are not read for ever.
    if (passes_ == plan_.repeat || !std::exchange(pass_had_bytes_, false)) {
      return false;
    }
  }
  const std::size_t index = next_path_++;
  identity_.reset();
  naming_source(plan_.source,
                [&] { current_.emplace(index, plan_.paths[index], context_.loop, pool_); });
  warn_if_not_replayable();
  return true;
}

/// A file that was renamed since is followed by the one that has its name now.
void FileConnector::open_resumed() {
  const FileResume resume = *std::exchange(resume_, std::nullopt);
  const FilePosition& position = resume.position;
  current_.emplace(position.path_index, resume.path, context_.loop, pool_);
  current_->input.seek(position.offset_bytes);
  current_->read_bytes = position.offset_bytes;
  current_->stream.records = position.records;
  next_path_ = position.path_index + (resume.path == position.path ? 1 : 0);
  warned_ = true;
}

void FileConnector::warn_if_not_replayable() {
  if (!std::exchange(warned_, true) && !current_->input.regular()) {
    context_.log.warning(
        "source '{}': {} cannot be read again: what it gave after the checkpoint is lost; going on "
        "with what comes now",
        plan_.source, current_->stream.origin);
  }
}

FileIdentity FileConnector::identity() {
  const std::uint64_t at_bytes = position_bytes();
  if (!identity_ || identity_->sample_bytes < FileIdentity::max_sample_bytes) {
    identity_ = naming_source(plan_.source,
                              [&] { return identify(current_->input.descriptor(), at_bytes); });
  }
  return *identity_;
}

FilePosition FileConnector::position() {
  FilePosition position{.finished = finished_,
                        .passes = passes_,
                        .pass_had_bytes = pass_had_bytes_,
                        .path_index = current_ ? current_->index : next_path_};
  if (position.path_index < plan_.paths.size()) {
    position.path = plan_.paths[position.path_index];
  }
  if (current_ && current_->input.regular()) {
    position.inside = true;
    position.offset_bytes = position_bytes();
    position.records = current_->stream.records;
    position.identity = identity();
  }
  return position;
}

std::vector<SourcePosition> FileConnector::save(std::uint64_t) {
  const FilePosition at = last_ ? *last_ : resume_ ? resume_->position : position();
  const bool at_start = at.path_index == 0 && at.passes == 0 && !at.inside && !at.finished;
  if (at_start && current_) {
    return {};  // a pipe, before which there was nothing: there is no place to go back to
  }
  return {{"0", encode(at)}};
}

bool FileConnector::read(PollBudget& budget) {
  FrameBuffer& buffer = current_->stream.buffer;
  std::span<char> room = buffer.prepare();
  room = room.first(std::min(room.size(), PollBudget::max_read_bytes));
  const IoResult result = current_->input.read(room);
  buffer.commit(result.bytes);
  if (result.would_block()) {
    return false;
  }
  if (result.error != 0) {
    fail(fmt::format("cannot read on: {}", error_text(result.error)));
  }
  if (result.at_end()) {
    if (current_->input.shrank()) {
      fail("the file was cut short while it was read");
    }
    current_->ended = true;
    return true;
  }
  current_->read_bytes += result.bytes;
  current_->stream.ingest_ns = context_.clock.now_ns();
  context_.metrics.bytes.add(result.bytes);
  budget.took_read(result.bytes);
  pass_had_bytes_ = true;
  return true;
}

void FileConnector::deliver(PollBudget& budget) {
  if (const auto error = delivery_.deliver(current_->stream, budget)) {
    refuse(*error);
  }
}

void FileConnector::end_file() {
  const std::uint64_t at_bytes = position_bytes();
  const StreamEnd end = delivery_.finish(current_->stream);
  if (end.cut_off) {
    context_.metrics.bad_records.add();
    context_.log.warning(
        "source '{}': {}, record {} (at byte {}): the file {}; the record is dropped", plan_.source,
        current_->stream.origin, current_->stream.records + 1, at_bytes, *end.cut_off);
  }
  current_.reset();
}

void FileConnector::end_stopped() {
  const std::size_t bytes = current_->stream.buffer.pending_bytes();
  context_.log.info("source '{}': stopped in {} at byte {}", plan_.source, current_->stream.origin,
                    current_->read_bytes - bytes);
  last_ = position();
  current_.reset();
  finished_ = true;
}

void FileConnector::stop() {
  stopped_ = true;
  if (!current_) {
    if (!last_) {
      last_ = resume_ ? resume_->position : position();
    }
    finished_ = true;
  } else if (current_->stream.buffer.starved()) {
    end_stopped();
  }
}

std::uint64_t FileConnector::position_bytes() const {
  return current_->read_bytes - current_->stream.buffer.pending_bytes();
}

void FileConnector::refuse(std::string_view error) {
  context_.metrics.framing_errors.add();
  fail(fmt::format("{}; raise max_frame_bytes, or is the framing another one?", error));
}

void FileConnector::fail(std::string_view error) const {
  throw IoError(fmt::format("source '{}': {}, record {} (at byte {}): {}", plan_.source,
                            current_->stream.origin, current_->stream.records + 1, position_bytes(),
                            error));
}

}  // namespace wallaroo::internal
