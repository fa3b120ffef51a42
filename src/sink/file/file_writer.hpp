// Appends records to a file or stream as they come.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include <wallaroo/types/error.hpp>

#include "io/event_loop.hpp"
#include "sink/drain_deadline.hpp"
#include "sink/file/file_roll.hpp"
#include "sink/file/output_file.hpp"
#include "sink/output_queue.hpp"
#include "sink/writer.hpp"

namespace wallaroo::internal {

/// Writes records at once, and can take nothing back. With checkpoints, `prepare` is answered when
/// the operating system has everything from before the barrier.
///
/// An error met in an event handler, which has nobody to throw to, is thrown at the executor's next
/// call; `can_accept` is then true so that this call comes.
class FileWriter final : public SinkWriter, private ReadyHandler {
 public:
  struct Target {
    OutputFile file;   ///< open at the plan's end
    std::string path;  ///< of the sink
    RollPlan plan;
  };

  FileWriter(Target target, const WriterContext& context);
  ~FileWriter() override { unwatch(); }

  void start() override { context_.metrics.connected.set(1); }
  bool can_accept() const override;
  void write(ByteBatch& batch) override;
  void flush() override;
  void drain() override { deadline_.begin(); }
  void finish() override;
  bool finished() const override { return state_ == State::closed; }

  void barrier(std::uint64_t) override { queue_.mark_barrier(); }
  bool passed_barrier() const override {
    return state_ == State::given_up || broken() || queue_.passed_barrier();
  }
  void abandon(std::uint64_t) override { preparing_ = 0; }
  void prepare(std::uint64_t number) override;

 private:
  enum class State { open, given_up, finishing, closed };

  void on_ready(std::uint32_t events) override;
  void begin_file();
  void write_queued();
  void answer_when_handed_over();
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
  std::string path_;
  RollPlan plan_;
  WriterContext context_;
  OutputQueue queue_;
  DrainDeadline deadline_;
  State state_ = State::open;
  bool watched_ = false;
  bool writable_ = true;         ///< false from EAGAIN to the next event
  std::string error_;            ///< why nothing more can be written
  std::uint64_t preparing_ = 0;  ///< the checkpoint that waits for an answer
};

}  // namespace wallaroo::internal
