// What the steps of a chain share while a batch is processed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "record/arena.hpp"
#include "record/key.hpp"
#include "route/pins.hpp"
#include "step/failure.hpp"
#include "step/loss_log.hpp"
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
  std::string_view origin;     ///< of a frame batch
  std::uint64_t position = 0;  ///< of the frame being decoded, in its origin

  /// Counts input batches; 0 before the first.
  std::uint64_t batch = 0;
  std::uint64_t partition = 0;  ///< of the source, or the number of the producer

  void begin(const Batch& input) {
    begin_at(input.ingest_ns);
    partition = input.partition;
    pins.pins = input.pins.empty() ? nullptr : &input.pins;
  }
  /// For records that no input batch brings: results of windows and timers.
  void begin_at(std::int64_t now_ns) {
    ++batch;
    pins.ingest_ns = now_ns;
    pins.pins = nullptr;
    ++pins.epoch;
  }
  /// The time of records that are not stamped with one: when the source read them.
  std::int64_t ingest_time_ns() const { return pins.ingest_ns + wall_offset_ns_; }
  std::int64_t wall_offset_ns() const { return wall_offset_ns_; }
  void end() {
    pins.pins = nullptr;
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

  /// Of the frame being decoded; empty when it has no origin.
  std::string where() const;

 private:
  // Output batches that carry views into the arena hold references; without any it is used again.
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

/// The event time of the record that is at `place`.
template <class KeyPlace>
std::int64_t time_of(const ChainContext&, const At<KeyPlace>& place) {
  return place.time_ns;
}
template <class KeyPlace>
std::int64_t time_of(const ChainContext& context, const KeyPlace&) {
  return context.ingest_time_ns();
}

/// Counts of one pass over a batch; local to the loop, so that they live in registers.
template <std::size_t Steps>
struct Tally {
  /// Per step: outputs; for steps with exactly one output per input, the failures instead.
  std::uint64_t of[Steps == 0 ? 1 : Steps] = {};

  void add_to(Tally& sum) const {
    for (std::size_t step = 0; step < Steps; ++step) {
      sum.of[step] += of[step];
    }
  }
};

/// How a record goes through a copy of the loop body: as most do; with each stage timed; or with
/// its state looked up before by the first step.
enum class Pass : std::uint8_t { plain, timed, looked_up };

/// Times a user's function when `Timed`.
template <bool Timed>
class StageTimer {
 public:
  explicit StageTimer(StageRuntime&) {}
  void stop() {}
};
template <>
class StageTimer<true> {
 public:
  explicit StageTimer(StageRuntime& stage) : stage_(stage), start_ns_(clock_.now_ns()) {}
  void stop() { stage_.metrics.latency.record(clock_.now_ns() - start_ns_); }

 private:
  SteadyClock clock_;
  StageRuntime& stage_;
  std::int64_t start_ns_;
};

}  // namespace wallaroo::internal
