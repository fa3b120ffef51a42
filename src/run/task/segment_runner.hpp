// A segment with the queues behind it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "metrics/counter.hpp"
#include "route/outlet.hpp"
#include "run/checkpoints/state_keeper.hpp"
#include "step/segment.hpp"

namespace wallaroo::internal {

/// The outlets of a segment, and its end.
class SegmentRunner {
 public:
  /// `blocked_ns`: by outlet, what counts the time for which it is blocked; it outlives this.
  SegmentRunner(std::vector<std::unique_ptr<Outlet>> outlets, std::vector<Counter*> blocked_ns,
                std::unique_ptr<Segment> segment)
      : outlets_(std::move(outlets)),
        blocked_ns_(std::move(blocked_ns)),
        segment_(std::move(segment)),
        keeper_(std::make_unique<StateKeeper>()) {}

  std::vector<KeptState> states() { return segment_->states(); }
  StateKeeper& keeper() const { return *keeper_; }
  /// The segment is as it is to be in the checkpoint: notes that, and sends the barrier, unless the
  /// end was sent already.
  void pass_barrier(Barrier barrier, const RewritePlaces& rewrite);
  /// The stream goes on after a restart: nothing more is sent, nothing fires.
  void suspend();

  void process(Batch& batch) {
    segment_->process(batch);
    maybe_open_ = true;
    // A step of its own that makes watermarks may have made something due.
    more_to_fire_ = true;
  }
  /// What is promised of the input so far.
  void set_watermark(Watermark watermark);
  /// Tells the stages after it where this one begins.
  void announce();
  /// Does a part of what the watermark has made due, unless blocked; true when it did something.
  bool fire();
  /// Nothing is due any more.
  bool fired() const { return !more_to_fire_; }
  /// The last batch is not done: no other may be processed, and no barrier passed.
  bool waiting() const { return segment_->waiting(); }
  std::int64_t due_ns() const { return segment_->due_ns(); }
  void on_time(std::int64_t now_ns);
  void open_partition(std::uint64_t partition, bool bounded = false);
  void end_partition(std::uint64_t partition);
  void leave_partition(std::uint64_t partition);
  void forget_partition(std::uint64_t partition);
  void skip_time(std::int64_t gap_ns) { segment_->skip_time(gap_ns); }
  bool has_event_time() const { return segment_->has_event_time(); }
  std::optional<std::uint64_t> partition_behind() const { return segment_->partition_behind(); }
  /// Moves what had overflowed; sends open batches that are awaited. True when something moved.
  bool advance();
  void flush_everything();
  /// There is no more input. To be called again and again, with `fire` in between, until `ended`:
  /// what the last watermark makes due fires, then every consumer is told of that watermark, then
  /// the end of time makes the rest due, and when that has fired the stream ends. True when it did
  /// something.
  bool end_input();
  /// `end_input` was called: no watermark comes any more.
  bool ending() const { return phase_ != Phase::open; }
  bool ended() const { return ended_; }

  /// Whether anything was sent since this was asked last.
  bool take_sent();
  bool blocked() const;
  /// So much time has passed; the outlets that are blocked were blocked meanwhile.
  void count_blocked(std::int64_t elapsed_ns);
  /// `advance` would move something.
  bool can_advance() const;
  void wait_for_room();

 private:
  /// Of the stream behind it: there is input; what the last watermark made due fires; what the end
  /// of time made due.
  enum class Phase { open, last_watermark, ended_input };
  void end();

  std::vector<std::unique_ptr<Outlet>> outlets_;
  std::vector<Counter*> blocked_ns_;
  std::unique_ptr<Segment> segment_;
  std::unique_ptr<StateKeeper> keeper_;
  Watermark watermark_;
  bool more_to_fire_ = true;  ///< at first: what was restored may have been firing
  bool maybe_open_ = false;
  Phase phase_ = Phase::open;
  bool ended_ = false;
};

}  // namespace wallaroo::internal
