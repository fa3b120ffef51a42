// The end of a chain at a `key_by` before windows that need only parts of the records.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "record/key.hpp"
#include "record/views.hpp"
#include "route/record_writer.hpp"
#include "step/chain_context.hpp"
#include "step/steps/key_finder.hpp"
#include "step/steps/terminal.hpp"
#include "window/excerpt.hpp"
#include "window/pane_windows.hpp"
#include "window/window_settings.hpp"

namespace wallaroo::internal {

/// Sends an excerpt of each record to the executor that owns its key. A record whose windows are
/// due by the watermark of this executor is probably late, so the whole record goes along with its
/// excerpt.
template <class T, class KeyFunction, class A>
class ExcerptTerminal {
 public:
  /// Some records leave the chain, and with them any views that they hold.
  static constexpr bool transports_views = may_hold_views<T>;

  using Keys = KeyFinder<T, KeyFunction>;
  using Key = typename Keys::Key;
  using Slot = Excerpt<Key, PickedBy<A, T>, T>;

  struct Spec {
    typename Keys::Spec keys;
    WindowSettings settings;
    A aggregation;
  };
  using Writer = RecordWriter<TimedSlotWithoutKey<Key, Slot>, may_hold_views<T>>;
  using Appender = typename Writer::Appender;

  ExcerptTerminal(const Spec& spec, const SegmentContext& context, OutletCursor& next)
      : keys_(spec.keys, context),
        shape_(spec.settings),
        aggregation_(spec.aggregation),
        outlet_(*next),
        writer_(**next++) {}

  class Open {
   public:
    Open(ExcerptTerminal& terminal, ChainContext& context)
        : terminal_(&terminal),
          writer_(terminal.writer_.appender(context.pins)),
          watermark_ns_(terminal.outlet_->watermark().time_ns) {}

    template <Pass pass, class KeyTime, class Record>
    [[gnu::always_inline]] void accept(ChainContext& context, const KeyTime& key_time,
                                       Record&& record) {
      terminal_->keys_.template find<pass>(
          context, std::as_const(record),
          [&](std::uint64_t hash, const Key& key) __attribute__((always_inline)) {
            const std::int64_t time_ns = key_time.time_ns;
            if (time_ns < watermark_ns_ && terminal_->due(time_ns, hash)) [[unlikely]] {
              terminal_->send_whole(context, time_ns, hash, key, std::forward<Record>(record));
              return;
            }
            const Slot excerpt{key, terminal_->aggregation_.pick(std::as_const(record))};
            if constexpr (Writer::appender_lasts) {
              send(writer_, time_ns, hash, excerpt);
            } else {
              send(terminal_->writer_.appender(context.pins), time_ns, hash, excerpt);
            }
          });
    }

   private:
    ExcerptTerminal* terminal_;
    Appender writer_;
    std::int64_t watermark_ns_;
  };
  Open open(ChainContext& context) { return Open(*this, context); }
  void finish() {}
  void flush(bool everything) { writer_.flush(everything); }
  template <class Visit>
  void for_each_stage(Visit&& visit) {
    visit(keys_.stage());
  }

 private:
  [[gnu::always_inline]] static void send(const Appender& writer, std::int64_t time_ns,
                                          std::uint64_t hash, const Slot& excerpt) {
    const std::size_t target = writer.target_of(hash);
    if constexpr (sends_hash<Key>) {
      writer.append(target, time_ns, hash, excerpt);
    } else {
      writer.append(target, time_ns, excerpt);
    }
  }
  // Takes the key by value, because a key whose address is taken is not kept in a register.
  template <class Record>
  [[gnu::noinline, gnu::cold]] void send_whole(ChainContext& context, std::int64_t time_ns,
                                               std::uint64_t hash, Key key, Record&& record) {
    const Appender writer = writer_.appender(context.pins);
    const Slot excerpt{key, aggregation_.pick(std::as_const(record))};
    writer.add_whole(writer.target_of(hash), std::forward<Record>(record));
    send(writer, time_ns, hash, excerpt);
  }

  /// True when all windows with the record are due.
  [[gnu::noinline]] bool due(std::int64_t time_ns, std::uint64_t hash) const {
    const std::int64_t end = shape_.last_end(shape_.limits.clamp(time_ns), shape_.offset(hash));
    return end + shape_.delay <= outlet_->watermark().time_ns;
  }

  Keys keys_;
  PaneShape shape_;
  A aggregation_;
  Outlet* outlet_;
  Writer writer_;
};

}  // namespace wallaroo::internal
