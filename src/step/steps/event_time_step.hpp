// Gives records their event time, and makes watermarks from it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <wallaroo/types/event_time.hpp>

#include "state/loading.hpp"
#include "state/stage_state.hpp"
#include "step/chain_context.hpp"
#include "step/describe.hpp"
#include "step/steps/temporal.hpp"
#include "window/time/news_of_time.hpp"
#include "window/time/partition_clocks.hpp"

namespace wallaroo::internal {

template <class T>
inline constexpr bool is_time_point = false;
template <class Clock, class Duration>
inline constexpr bool is_time_point<std::chrono::time_point<Clock, Duration>> = true;

/// Converts the result of an extractor to nanoseconds since the epoch. Times before the year 1677
/// become `no_time`, those after 2262 `end_of_time`.
template <class Time>
std::int64_t to_event_time(const Time& time) {
  if constexpr (is_time_point<Time>) {
    using Seconds = std::chrono::duration<long double>;
    const Seconds seconds = time.time_since_epoch();
    constexpr Seconds most = std::chrono::nanoseconds::max();
    // NaN is refused together with times beyond the end.
    if (!(seconds < most) || seconds <= -most) [[unlikely]] {
      return seconds.count() <= 0 ? no_time : end_of_time;
    }
    return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
  } else if constexpr (std::is_unsigned_v<Time>) {
    constexpr auto most = static_cast<std::uint64_t>(end_of_time);
    return static_cast<std::int64_t>(std::min<std::uint64_t>(time, most));
  } else {
    return static_cast<std::int64_t>(time);
  }
}
template <class Clock>
std::int64_t to_event_time(const std::chrono::time_point<Clock, std::chrono::nanoseconds>& time) {
  return time.time_since_epoch().count();
}

/// The error message for a record whose time is refused.
std::string too_far_ahead(std::int64_t time_ns, std::int64_t wall_ns,
                          std::chrono::nanoseconds max_ahead);

/// Warns of records that did not move the watermark because other records contradicted their times.
void warn_of_far_ahead(const Log& log, std::string_view stage, std::uint64_t records,
                       std::chrono::nanoseconds max_jump);

/// Warns of a first event time that seems to be in another unit. With `once`, which may be null,
/// only one executor warns.
void doubt_unit(const StageInfo& stage, std::int64_t time_ns, const Log& log, OncePerStage* once);

/// Throws StageFailure for the present exception, which making a watermark strategy threw. Call
/// inside a catch block.
[[noreturn]] void throw_no_strategy(const StageInfo& stage);

template <class F, class In>
constexpr bool check_extractor() {
  static_assert(std::is_invocable_v<F&, const In&>,
                "wallaroo: the extractor of event_time must take a const reference to the record "
                "type of the stage before it");
  if constexpr (std::is_invocable_v<F&, const In&>) {
    using Time = std::remove_cvref_t<std::invoke_result_t<F&, const In&>>;
    static_assert(is_time_point<Time> || (std::is_integral_v<Time> && !std::is_same_v<Time, bool>),
                  "wallaroo: the extractor of event_time returns nanoseconds since the epoch as an "
                  "integer, or a std::chrono::time_point");
  }
  return true;
}

template <class F, class In>
class EventTimeStep : public TemporalStep {
 public:
  static_assert(check_extractor<F, In>());

  using Record = In;
  using Output = In;
  static constexpr bool tallies_losses = true;

  struct Spec {
    StageId stage;
    F extract;
    EventTimeOptions options;
    bool again = false;  ///< the input already has event time, with other watermarks
  };

  EventTimeStep(const Spec& spec, const SegmentContext& context)
      : extract_(spec.extract),
        max_ahead_(spec.options.max_ahead),
        max_jump_(spec.options.max_jump),
        clock_(context.clock),
        log_(context.log),
        once_(context.once),
        stage_(context.stages.at(spec.stage)),
        news_(spec.again ? end_of_time : context.longest_news_ns,
              clock_.now_ns() + context.wall_offset_ns),
        clocks_(std::make_unique<State>(spec.options)) {
    clocks_->begin(clock_.now_ns());
  }

  StageRuntime& stage() { return *stage_; }
  StageState* stage_state() { return clocks_.get(); }

  void begin_batch(ChainContext& context) {
    const std::int64_t wall_ns = max_ahead_.count() > 0 ? clock_.wall_ns() : end_of_time;
    making_strategy([&] { clocks_->select(context.partition, clock_.now_ns(), wall_ns); });
    // end_of_time must be refused, because as a watermark it would say that nothing follows.
    latest_of_batch_ = std::min(end_of_time - 1, saturating_add(wall_ns, max_ahead_.count()));
    latest_ = unit_checked_ ? latest_of_batch_ : no_time;
  }

  template <Pass pass, class KeyTime, class R, class Next>
  [[gnu::always_inline]] void apply(ChainContext& context, std::uint64_t& tally,
                                    const KeyTime& key_time, R&& record, Next&& next) {
    std::int64_t time_ns = 0;
    try {
      CallTimer<pass == Pass::timed> timer(context, stage_->call);
      time_ns = to_event_time(std::invoke(extract_, std::as_const(record)));
      timer.stop();
      if (time_ns > latest_ && refuses(context, record, time_ns)) [[unlikely]] {
        ++tally;
        return;
      }
      clocks_->observe(time_ns);
    } catch (const StageFailure&) {
      throw;
    } catch (...) {
      context.failures.handle(*stage_, FailureHandler::current_error(), failed_record(record));
      ++tally;
      return;
    }
    using KeyPart = std::remove_cvref_t<decltype(key_part(key_time))>;
    next(At<KeyPart>{key_part(key_time), time_ns}, std::forward<R>(record));
  }

  /// Replaces the incoming watermark by its own, except the end of time.
  Watermark set_watermark(Watermark in) {
    clocks_->update();
    if (const std::int64_t gap_ns = news_.told(in.time_ns); gap_ns != 0) [[unlikely]] {
      clocks_->skip_time(gap_ns);
    }
    if (clocks_->not_believed() != told_not_believed_) [[unlikely]] {
      warn_of_jumps();
    }
    const Watermark out = in.time_ns == end_of_time ? in : clocks_->watermark();
    stage_->metrics.watermark.set(out.time_ns);
    return out;
  }
  bool pending() const { return false; }
  template <class Next>
  bool fire(ChainContext&, std::uint64_t&, Next&) {
    return false;
  }
  std::int64_t due_ns() const { return news_.due_ns(clocks_->next_time_ns()); }
  template <class Next>
  void on_time(ChainContext& context, std::int64_t now_ns, std::uint64_t&, Next&) {
    if (news_.recent(now_ns, now_ns + context.wall_offset_ns())) {
      clocks_->on_time(now_ns);
    }
  }
  void skip_time(std::int64_t gap_ns) {
    if (!news_.expected()) {
      clocks_->skip_time(gap_ns);
    }
  }
  void open_partition(std::uint64_t partition, std::int64_t now_ns, bool bounded) {
    making_strategy([&] { clocks_->open(partition, now_ns, bounded); });
  }
  void end_partition(std::uint64_t partition) { clocks_->end(partition); }
  void leave_partition(std::uint64_t partition) { clocks_->leave(partition); }
  void forget_partition(std::uint64_t partition) { clocks_->forget(partition); }
  void end_partitions() {
    clocks_->finish();
    clocks_->end_all();
    if (clocks_->not_believed() != told_not_believed_) {
      next_warning_ns_ = no_time;
      warn_of_jumps();
    }
  }
  bool has_event_time() const { return true; }
  std::optional<std::uint64_t> partition_behind() const { return clocks_->behind(); }

 private:
  struct State final : PartitionClocks, StageState {
    using PartitionClocks::PartitionClocks;
    std::vector<StatePart*> parts() override { return {}; }
    std::string instance_schema() const override { return schema_text<PartitionClocks::Saved>(); }
    std::string save_instance(std::int64_t) override { return store_one(saved()); }
    void load_instances(const SavedInstances& instances, std::int64_t) override {
      resume(load_all<PartitionClocks::Saved>(instances));
    }
  };

  /// Stops the application, whatever the policy is, when the strategy of a new partition cannot be
  /// made, because no record is at fault.
  template <class Work>
  void making_strategy(Work&& work) const {
    try {
      work();
    } catch (...) {
      throw_no_strategy(*stage_->info);
    }
  }

  /// Handles a time greater than `latest_`. The first time of all is always greater, so that its
  /// unit is checked here. Returns true when the record is refused.
  template <class R>
  [[gnu::noinline, gnu::cold]] bool refuses(ChainContext& context, const R& record,
                                            std::int64_t time_ns) {
    if (!std::exchange(unit_checked_, true)) {
      doubt_unit(*stage_->info, time_ns, log_, once_);
      latest_ = latest_of_batch_;
      if (time_ns <= latest_) {
        return false;
      }
    }
    context.failures.handle(*stage_, too_far_ahead(time_ns, clock_.wall_ns(), max_ahead_),
                            failed_record(record));
    return true;
  }

  // Warns at most every 30 seconds.
  [[gnu::noinline, gnu::cold]] void warn_of_jumps() {
    constexpr std::int64_t between_warnings_ns = 30'000'000'000;
    const std::int64_t now_ns = clock_.now_ns();
    if (now_ns < next_warning_ns_) {
      return;
    }
    next_warning_ns_ = now_ns + between_warnings_ns;
    warn_of_far_ahead(log_, stage_->info->name, clocks_->not_believed() - told_not_believed_,
                      max_jump_);
    told_not_believed_ = clocks_->not_believed();
  }

  F extract_;
  std::chrono::nanoseconds max_ahead_;
  std::chrono::nanoseconds max_jump_;
  std::int64_t latest_ = 0;           ///< times greater than this are given to `refuses`
  std::int64_t latest_of_batch_ = 0;  ///< times greater than this are refused
  bool unit_checked_ = false;
  const Clock& clock_;
  const Log& log_;
  OncePerStage* once_;
  StageRuntime* stage_;
  std::uint64_t told_not_believed_ = 0;
  std::int64_t next_warning_ns_ = no_time;
  NewsOfTime news_;
  std::unique_ptr<State> clocks_;
};

}  // namespace wallaroo::internal
