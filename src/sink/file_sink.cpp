#include "sink/file_sink.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <utility>

#include <fmt/format.h>

#include <wallaroo/error.hpp>

#include "base/check.hpp"
#include "sink/drain_deadline.hpp"
#include "sink/output_queue.hpp"

namespace wallaroo::internal {

namespace {

/// Bound of what waits for a slow reader of a pipe or terminal.
constexpr std::size_t max_buffer_bytes = 1 << 20;
constexpr std::size_t max_parts = 16;
/// How long a stopping application waits for a reader that takes nothing.
constexpr std::chrono::seconds drain_timeout{10};

/// An error met in an event handler, which has nobody to throw to, is thrown at the executor's next
/// call; `can_accept` is then true so that this call comes.
class FileWriter final : public SinkWriter, private ReadyHandler {
 public:
  FileWriter(OutputFile file, const WriterContext& context)
      : SinkWriter(context),
        file_(std::move(file)),
        context_(context),
        queue_(context.clock, context.metrics),
        deadline_(
            context.loop, context.clock, drain_timeout,
            {.waiting = [this] { return !queue_.empty(); }, .give_up = [this] { give_up(); }}) {}
  ~FileWriter() override { unwatch(); }

  void start() override { context_.metrics.connected.set(1); }
  bool can_accept() const override { return broken() || queue_.bytes() < max_buffer_bytes; }
  void write(ByteBatch& batch) override;
  void flush() override;
  void drain() override { deadline_.begin(); }
  void finish() override;
  bool finished() const override { return state_ == State::closed; }

 private:
  enum class State { open, given_up, finishing, closed };

  void on_ready(std::uint32_t events) override;
  void write_queued();
  void finish_writing();
  void fail(std::string error);
  void give_up();
  void close();
  void watch();
  void unwatch();
  bool broken() const { return !error_.empty(); }
  void throw_if_broken() const {
    if (broken()) {
      throw IoError(error_);
    }
  }

  OutputFile file_;
  WriterContext context_;
  OutputQueue queue_;
  DrainDeadline deadline_;
  State state_ = State::open;
  bool watched_ = false;
  bool writable_ = true;  ///< false from EAGAIN to the next event
  std::string error_;     ///< why nothing more can be written
};

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
  queue_.push(batch);
  if (queue_.bytes() >= OutputQueue::coalesced_bytes) {
    flush();
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

/// Called when something may have become final: all written, or nothing more can be.
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

}  // namespace

FileSink::FileSink(std::string name, FileSinkOptions options)
    : name_(std::move(name)), options_(std::move(options)) {}

void FileSink::open() {
  if (options_.path.empty()) {
    throw ConfigError(fmt::format(
        "sink '{}': the path is empty; give a file, or \"-\" for standard output", name_));
  }
  file_.emplace(fmt::format("sink '{}'", name_), options_);
}

void FileSink::set_address(const std::string& address) { options_.path = address; }

bool FileSink::exclusive() const { return !options_.path.starts_with("/dev/"); }

std::unique_ptr<SinkWriter> FileSink::writer(const WriterContext& context) {
  check(file_.has_value(), "a sink is opened before it gets its writer");
  return std::make_unique<FileWriter>(std::move(*file_), context);
}

}  // namespace wallaroo::internal
