// The end of a chain before windows without keys, which run on one executor.
#pragma once

#include <cstdint>
#include <exception>
#include <limits>
#include <utility>

#include "record/key.hpp"
#include "record/views.hpp"
#include "route/record_writer.hpp"
#include "step/chain_context.hpp"
#include "step/segment.hpp"
#include "step/steps/terminal.hpp"
#include "window/batch_panes.hpp"
#include "window/gathered.hpp"

namespace wallaroo::internal {

/// Aggregates the records of an input batch by pane. When the batch has ended, and before the
/// watermark that follows it is known, the partial aggregates go to the open batch of the windows'
/// executor. So nothing is kept from batch to batch, and watermarks and barriers meet partials as
/// they would meet records; docs/decisions/013 says more.
///
/// These records cross by themselves, each behind the partials of the records before it:
/// * All, unless `aggregates` is set.
/// * Those whose windows are due by the watermark of this executor. They are probably late, and the
///   log shows late records.
/// * Those on which `update` throws, together with what it threw.
template <class T, class A, bool WithTime>
class PartialTerminal {
 public:
  /// Some records leave the chain, and with them any views that they hold.
  static constexpr bool transports_views = may_hold_views<T>;

  struct Spec {
    WindowSettings settings;
    A aggregation;
    bool aggregates;
  };
  PartialTerminal(const Spec& spec, const SegmentContext&, OutletCursor& next)
      : outlet_(*next),
        writer_(**next++),
        panes_(spec.settings, hash_key(NoKey{}), spec.aggregation),
        aggregates_(spec.aggregates) {}

  template <Pass, class KeyTime, class Record>
  [[gnu::always_inline]] void accept(ChainContext& context, const KeyTime& key_time,
                                     Record&& record) {
    const std::int64_t time_ns = time_of(context, key_time);
    try {
      if (panes_.at_pane_of(time_ns) || go_to(context, time_ns)) [[likely]] {
        panes_.add(time_ns, std::as_const(record));
        return;
      }
    } catch (...) {
      FailedUpdate<T> failed{std::forward<Record>(record), std::current_exception()};
      send_alone(context, time_ns, Slot{What(std::in_place_index<2>, std::move(failed))});
      return;
    }
    send_alone(context, time_ns, Slot{What(std::in_place_index<0>, std::forward<Record>(record))});
  }
  auto open(ChainContext&) { return Direct<PartialTerminal>{this}; }
  /// Call after the records of each input batch, while the outlet still has the watermark before
  /// it.
  void end_batch(ChainContext& context) { send_partials(context); }
  void finish() {}
  void flush(bool everything) { writer_.flush(everything); }
  template <class Visit>
  void for_each_stage(Visit&&) {}

 private:
  using Accumulator = AccumulatorOf<A>;
  using Slot = Gathered<T, Accumulator>;
  using What = typename Slot::What;
  using Writer = RecordWriter<EdgeSlot<Slot, WithTime>, may_hold_views<T>>;

  /// Returns false if the record must cross by itself.
  [[gnu::noinline]] bool go_to(ChainContext& context, std::int64_t time_ns) {
    if (!aggregates_ || panes_.last_due(time_ns) <= outlet_->watermark().time_ns) {
      return false;
    }
    if (panes_.full()) {
      send_partials(context);
    }
    panes_.go_to(time_ns);
    return true;
  }

  [[gnu::noinline]] void send_alone(ChainContext& context, std::int64_t time_ns, Slot&& slot) {
    send_partials(context);
    append(context.pins, time_ns, std::move(slot));
  }

  [[gnu::noinline]] void send_partials(ChainContext& context) {
    // Partials own their bytes, so the batch need not hold the memory of the input for them.
    InputPins unpinned;
    unpinned.ingest_ns = context.pins.ingest_ns;
    unpinned.epoch = std::numeric_limits<std::uint64_t>::max();
    panes_.take([&](Partial<Accumulator>&& partial) {
      const std::int64_t newest_ns = partial.newest_ns;
      append(unpinned, newest_ns, Slot{What(std::in_place_index<1>, std::move(partial))});
    });
  }

  void append(const InputPins& pins, std::int64_t time_ns, Slot&& slot) {
    append_slot<WithTime>(writer_.appender(pins), 0, At<NoKey>{{}, time_ns}, std::move(slot));
  }

  Outlet* outlet_;
  Writer writer_;
  BatchPanes<A> panes_;
  bool aggregates_;
};

}  // namespace wallaroo::internal
