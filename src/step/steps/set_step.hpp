// The base of the steps of windows and of joins.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

#include "base/times.hpp"
#include "state/stage_state.hpp"
#include "step/chain_context.hpp"
#include "step/stage.hpp"
#include "step/steps/temporal.hpp"

namespace wallaroo::internal {

/// A step around a set of windows or of waiting records: the set is told of records, watermarks and
/// processing time, and decides what is due. `State` is the set, and also the StageState of the
/// stage. `Counts` are what it counts; `add_counts(metrics, now, before)` adds those that differ
/// between windows and joins to the metrics.
template <class State, class Counts>
class SetStep : public TemporalStep {
 public:
  static constexpr bool tallies_losses = false;
  static constexpr bool stateful = true;

  StageRuntime& stage() { return *stage_; }
  StageState* stage_state() { return set_.get(); }

  void begin_batch(ChainContext&) { touched_ = true; }
  bool pending() const { return set_->due(); }
  void skip_time(std::int64_t gap_ns) { set_->skip_time(gap_ns); }
  std::int64_t due_ns() const {
    if (!tells_time_) {
      return end_of_time;
    }
    return touched_ ? no_time : set_->next_time_ns();
  }

 protected:
  /// `tells_time`: the set waits for processing time.
  SetStep(StageRuntime* stage, bool tells_time, std::unique_ptr<State> set)
      : stage_(stage), set_(std::move(set)), tells_time_(tells_time) {}

  void tell_watermark(Watermark in) {
    touched_ = touched_ || in != input_;
    input_ = in;
    set_->on_idle(in.idle);
    // After a restart the input may begin before the watermark of the checkpoint.
    set_->on_watermark(std::max(in.time_ns, set_->watermark()));
    publish();
  }
  /// Call in `on_time`.
  void time_is_told() { touched_ = false; }
  bool tells_time() const { return tells_time_; }

  StageRuntime* stage_;
  std::unique_ptr<State> set_;

 private:
  void publish() {
    const Counts& now = set_->counts();
    StageMetrics& metrics = stage_->metrics;
    add_counts(metrics, now, published_);
    metrics.late_records.add(now.late - published_.late);
    metrics.dropped_records.add(now.dropped - published_.dropped);
    metrics.watermark.set(set_->output_watermark());
    published_ = now;
  }

  bool tells_time_;
  bool touched_ = true;  ///< something happened since the last `on_time`
  Watermark input_;
  Counts published_;
};

}  // namespace wallaroo::internal
