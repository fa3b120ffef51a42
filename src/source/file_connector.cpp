#include "source/file_connector.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <wallaroo/error.hpp>

#include "source/naming.hpp"

namespace wallaroo::internal {

FileConnector::FileConnector(const FilePlan& plan, const ConnectorContext& context)
    : plan_(plan), context_(context), delivery_(plan.framer, context) {}

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
  if (next_path_ == plan_.paths.size()) {
    next_path_ = 0;
    ++passes_;
    // Files that are all empty are not read for ever.
    if (passes_ == plan_.repeat || !std::exchange(pass_had_bytes_, false)) {
      return false;
    }
  }
  const std::string& path = plan_.paths[next_path_++];
  naming_source(plan_.source, [&] { current_.emplace(path, context_.loop, pool_); });
  return true;
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
  current_.reset();
  finished_ = true;
}

void FileConnector::stop() {
  stopped_ = true;
  if (!current_) {
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
