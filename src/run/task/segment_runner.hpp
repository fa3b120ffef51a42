// Runs a segment of the plan, and holds its outlets.
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

/// A segment on one executor, with the queues behind it, its state keeper and its end. Its task
/// gives it batches, watermarks and barriers. Only on the executor's thread.
class SegmentRunner {
 public:
  /// `blocked_ns`: by outlet, the counter of the time for which it is blocked. The counters outlive
  /// the runner.
  SegmentRunner(std::vector<std::unique_ptr<Outlet>> outlets, std::vector<Counter*> blocked_ns,
                std::unique_ptr<Segment> segment)
      : outlets_(std::move(outlets)),
        blocked_ns_(std::move(blocked_ns)),
        segment_(std::move(segment)),
        keeper_(std::make_unique<StateKeeper>()) {}

  std::vector<KeptState> states() { return segment_->states(); }
  StateKeeper& keeper() const { return *keeper_; }
  /// The state is now that of the checkpoint: begins to save it, and sends the barrier on all
  /// edges, unless the stream has ended there. Requires that nothing is blocked or waiting.
  void pass_barrier(Barrier barrier, const RewriteGroups& rewrite);
  /// Ends without the end of the stream, which goes on after a restart: nothing more is sent,
  /// nothing fires.
  void suspend();

  void process(Batch& batch) {
    segment_->process(batch);
    maybe_open_ = true;
    // The segment may have a step that makes watermarks, and these may make something due.
    more_to_fire_ = true;
  }
  /// The watermark of the input so far. Requires that it does not go back.
  void set_watermark(Watermark watermark);
  /// Sends the watermark as it is at the start, so that the stages after this one know it.
  void announce();
  /// Fires a slice of what the watermark has made due, unless blocked; true when it did something.
  bool fire();
  /// Nothing is due any more.
  bool fired() const { return !more_to_fire_; }
  /// Records of the last batch wait for something to fire. Until then no other batch may be
  /// processed, and no barrier passed.
  bool waiting() const { return segment_->waiting(); }
  /// See Segment.
  bool unfinished() const { return segment_->unfinished(); }
  std::size_t most_records() const { return segment_->most_records(); }
  std::int64_t due_ns() const { return segment_->due_ns(); }
  void on_time(std::int64_t now_ns);
  void open_partition(std::uint64_t partition, bool bounded = false);
  void end_partition(std::uint64_t partition);
  void leave_partition(std::uint64_t partition);
  void forget_partition(std::uint64_t partition);
  void skip_time(std::int64_t gap_ns) { segment_->skip_time(gap_ns); }
  bool has_event_time() const { return segment_->has_event_time(); }
  std::optional<std::uint64_t> partition_behind() const { return segment_->partition_behind(); }
  /// Moves batches that did not fit from blocked outlets into their queues, and sends open batches
  /// whose consumers wait. True when something moved.
  bool advance();
  void flush_everything();
  /// There is no more input. Call it again and again, with `fire` in between, until `ended`.
  /// Everything that the last watermark makes due fires, and every consumer gets that watermark.
  /// Then the end of time makes the rest due, and when that has fired, the stream ends. True when
  /// it did something.
  bool end_input();
  /// `end_input` was called, so the input gives no more watermarks.
  bool ending() const { return phase_ != Phase::open; }
  bool ended() const { return ended_; }

  /// True when something was sent since the last call.
  bool take_sent();
  bool blocked() const;
  /// Consumers have taken everything that was sent.
  bool all_taken() const;
  /// Adds the time that has passed to the counters of the outlets that are blocked.
  void count_blocked(std::int64_t elapsed_ns);
  /// `advance` would move something.
  bool can_advance() const;
  /// Asks full queues to ring when they have room.
  void wait_for_room();

 private:
  enum class Phase {
    open,            ///< there is input
    last_watermark,  ///< the input has ended; what the last watermark made due fires
    ended_input,     ///< what the end of time made due fires
  };
  void end();

  std::vector<std::unique_ptr<Outlet>> outlets_;
  std::vector<Counter*> blocked_ns_;
  std::unique_ptr<Segment> segment_;
  std::unique_ptr<StateKeeper> keeper_;
  Watermark watermark_;
  bool more_to_fire_ = true;  ///< at first, because restored state may have been firing
  bool maybe_open_ = false;   ///< an outlet may have an open batch
  Phase phase_ = Phase::open;
  bool ended_ = false;
};

}  // namespace wallaroo::internal
