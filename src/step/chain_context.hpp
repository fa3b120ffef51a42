// The data that the steps of a chain share while a batch is processed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "record/arena.hpp"
#include "record/batch.hpp"
#include "record/key.hpp"
#include "route/pins.hpp"
#include "step/failures/failure.hpp"
#include "step/failures/loss_log.hpp"
#include "step/sampler.hpp"
#include "step/segment.hpp"

namespace wallaroo::internal {

class ChainContext {
 public:
  explicit ChainContext(const SegmentContext& context)
      : failures(context.log, context.dead_letters),
        losses(context.log),
        wall_offset_ns_(context.wall_offset_ns) {}
  ~ChainContext();

  InputPins pins;
  FailureHandler failures;
  LossLog losses;
  Sampler sampler;
  std::string_view origin;     ///< of a batch of frames
  std::uint64_t position = 0;  ///< number of the frame that is being decoded, in its origin

  /// Counts input batches; 0 before the first.
  std::uint64_t batch = 0;
  std::uint64_t partition = 0;  ///< of the source, or the number of the producer

  /// What the input batch carries beside its records; null without a batch.
  const BatchExtra* extra = nullptr;

  void begin(const Batch& input) {
    begin_at(input.ingest_ns);
    partition = input.partition;
    extra = input.extra.get();
    pins.pins = input.pins.empty() ? nullptr : &input.pins;
  }
  /// Begins output without an input batch: results of windows and timers.
  void begin_at(std::int64_t now_ns) {
    ++batch;
    pins.ingest_ns = now_ns;
    pins.pins = nullptr;
    extra = nullptr;
    ++pins.epoch;
  }
  /// The time of records without event time: when the source read them.
  std::int64_t ingest_time_ns() const { return pins.ingest_ns + wall_offset_ns_; }
  std::int64_t wall_offset_ns() const { return wall_offset_ns_; }
  void end() {
    pins.pins = nullptr;
    extra = nullptr;
    pins.kept.clear();
    if (pins.arena != nullptr) {
      recycle_arena();
    }
    failures.rethrow_if_stopped();
  }

  /// The arena of the current input batch.
  static Arena& arena(void* self) {
    auto& context = *static_cast<ChainContext*>(self);
    if (context.pins.arena == nullptr) [[unlikely]] {
      context.pins.arena = context.spare_ ? std::move(context.spare_) : new Arena;
      ++context.pins.epoch;
    }
    return *context.pins.arena;
  }

  /// The origin and number of the frame that is being decoded; empty when it has no origin.
  std::string where() const;

 private:
  // Output batches with views into the arena hold references to it. Without any it is reused.
  void recycle_arena() {
    if (pins.arena->unique()) {
      pins.arena->reset();
      spare_ = std::move(pins.arena);
    }
    pins.arena = nullptr;
  }

  boost::intrusive_ptr<Arena> spare_;
  std::int64_t wall_offset_ns_;
};

/// The event time of the record that `key_time` accompanies.
template <class KeyPart>
std::int64_t time_of(const ChainContext&, const At<KeyPart>& key_time) {
  return key_time.time_ns;
}
template <class KeyPart>
std::int64_t time_of(const ChainContext& context, const KeyPart&) {
  return context.ingest_time_ns();
}

/// The counts of one pass over a batch. They are local to the loop, so that they are in registers.
template <std::size_t Steps>
struct Tally {
  /// For each step the number of outputs or, for steps that tally losses, of inputs without one.
  std::uint64_t of[Steps == 0 ? 1 : Steps] = {};

  void add_to(Tally& sum) const {
    for (std::size_t step = 0; step < Steps; ++step) {
      sum.of[step] += of[step];
    }
  }
};

/// Says when a step calls its second function, which is timed for itself: the output function of an
/// aggregation or a join, or `on_timer`.
enum class OutputOf : std::uint8_t {
  none,
  records,
  firing,
  firing_alone,  ///< and all that the step emits comes from it
};

/// The copies of the loop body: the plain one; one that asks at each function whether to time its
/// call; and one for records whose state the first step has looked up ahead.
enum class Pass : std::uint8_t { plain, timed, looked_up };

/// Times a call of a user's function from construction to `stop`, if `Timed` and the call is due.
/// `pause` and `resume` leave out the time of later steps that the function calls. If `stop` is not
/// reached, because the function threw or made nothing, the next call is timed instead.
template <bool Timed>
class CallTimer {
 public:
  CallTimer(ChainContext&, SampledCall&) {}
  void pause() {}
  void resume() {}
  void stop() {}
};
template <>
class CallTimer<true> {
 public:
  CallTimer(ChainContext& context, SampledCall& call) : context_(context), call_(call) {
    if (call.due) [[unlikely]] {
      runs_ = true;
      start_ns_ = clock_.now_ns();
    }
  }
  CallTimer(const CallTimer&) = delete;
  CallTimer& operator=(const CallTimer&) = delete;

  void pause() {
    if (runs_) [[unlikely]] {
      before_ns_ += clock_.now_ns() - start_ns_;
    }
  }
  void resume() {
    if (runs_) [[unlikely]] {
      start_ns_ = clock_.now_ns();
    }
  }
  void stop() {
    if (runs_) [[unlikely]] {
      call_.latency->record(before_ns_ + clock_.now_ns() - start_ns_);
      runs_ = false;
      context_.sampler.took(call_);
    }
  }

 private:
  ChainContext& context_;
  SampledCall& call_;
  SteadyClock clock_;
  bool runs_ = false;
  std::int64_t start_ns_ = 0;
  std::int64_t before_ns_ = 0;
};

}  // namespace wallaroo::internal
