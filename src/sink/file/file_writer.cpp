#include "sink/file/file_writer.hpp"

#include <array>
#include <chrono>
#include <cstddef>

#include <fmt/format.h>

namespace wallaroo::internal {

namespace {

/// The most bytes that wait for a slow reader of a pipe or terminal.
constexpr std::size_t max_buffer_bytes = 1 << 20;
constexpr std::size_t max_parts = 16;
/// How long a stopping application waits for a reader that takes nothing.
constexpr std::chrono::seconds drain_timeout{10};

}  // namespace

FileWriter::FileWriter(Target target, const WriterContext& context)
    : SinkWriter(context),
      file_(std::move(target.file)),
      path_(std::move(target.path)),
      plan_(target.plan),
      context_(context),
      queue_(context.clock, context.metrics),
      deadline_(context.loop, context.clock, drain_timeout,
                {.waiting = [this] { return !queue_.empty(); }, .give_up = [this] { give_up(); }}) {
}

bool FileWriter::can_accept() const { return broken() || queue_.bytes() < max_buffer_bytes; }

void FileWriter::write(ByteBatch& batch) {
  throw_if_broken();
  if (state_ == State::given_up) {
    context_.metrics.records_lost.add(batch.size());
    batch.clear();
    return;
  }
  if (queue_.empty()) {
    deadline_.progress();
  }
  plan_.split(
      batch, context_.clock.wall_ns(), [this](ByteBatch& some) { queue_.push(some); },
      [this] { begin_file(); });
  if (queue_.bytes() >= OutputQueue::coalesced_bytes) {
    flush();
  }
}

/// Only regular files roll, and they take everything at once.
void FileWriter::begin_file() {
  write_queued();
  throw_if_broken();
  file_.close();
  file_ = OutputFile(file_.name(), {.path = file_of(path_, plan_.end().index)});
}

void FileWriter::prepare(std::uint64_t number) {
  if (state_ == State::given_up) {
    listener().roll_back(
        fmt::format("{}: records were given up because its reader took nothing", file_.name()));
    return;
  }
  preparing_ = number;
  flush();
  answer_when_handed_over();
}

void FileWriter::answer_when_handed_over() {
  if (preparing_ != 0 && queue_.passed_barrier() && !broken()) {
    listener().prepared(std::exchange(preparing_, 0), {});
  }
}

void FileWriter::flush() {
  if (state_ == State::open) {
    write_queued();
    throw_if_broken();
  }
}

void FileWriter::finish() {
  if (state_ == State::given_up) {
    close();
  }
  if (state_ != State::open) {
    return;
  }
  const bool known = broken();
  state_ = State::finishing;
  write_queued();
  finish_writing();
  if (!known) {
    throw_if_broken();
  }
}

void FileWriter::write_queued() {
  std::array<iovec, max_parts> parts;
  while (writable_ && !broken() && !queue_.empty()) {
    const std::size_t count = queue_.gather(parts);
    const IoResult written = file_.write(std::span(parts).first(count));
    if (written.would_block()) {
      writable_ = false;
      watch();
    } else if (written.error != 0) {
      fail(file_.explain(written.error));
    } else {
      queue_.taken(written.bytes);
      deadline_.progress();
    }
  }
  answer_when_handed_over();
}

void FileWriter::on_ready(std::uint32_t) {
  writable_ = true;
  write_queued();
  if (state_ == State::finishing) {
    finish_writing();
    if (broken()) {
      context_.log.error("{}", error_);
    }
  }
}

/// Closes the file if everything was written or dropped.
void FileWriter::finish_writing() {
  if (queue_.empty()) {
    close();
  }
}

void FileWriter::close() {
  deadline_.cancel();
  unwatch();
  try {
    file_.close();
  } catch (const IoError& error) {
    fail(error.what());
  }
  context_.metrics.connected.set(0);
  state_ = State::closed;
}

void FileWriter::fail(std::string error) {
  const std::uint64_t lost = queue_.discard();
  context_.metrics.records_lost.add(lost);
  context_.metrics.connected.set(0);
  error_ = fmt::format("{}; {} records were not written", error, lost);
}

void FileWriter::give_up() {
  const std::uint64_t lost = queue_.discard();
  context_.metrics.records_lost.add(lost);
  context_.log.error(
      "{}: gave up {} records and all that follow: its reader took nothing for {} s while the "
      "application was stopping",
      file_.name(), lost, drain_timeout.count());
  unwatch();
  if (state_ == State::finishing) {
    close();
  } else {
    state_ = State::given_up;
  }
}

void FileWriter::watch() {
  if (!std::exchange(watched_, true)) {
    context_.loop.watch(file_.descriptor(), *this);
  }
}

void FileWriter::unwatch() {
  if (std::exchange(watched_, false)) {
    context_.loop.unwatch(file_.descriptor());
  }
}

}  // namespace wallaroo::internal
