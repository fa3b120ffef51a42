// The end of a chain at a `key_by`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <type_traits>
#include <utility>

#include "record/key.hpp"
#include "record/record_batch.hpp"
#include "record/views.hpp"
#include "route/record_writer.hpp"
#include "step/chain_context.hpp"
#include "step/steps/key_finder.hpp"
#include "step/steps/terminal.hpp"

namespace wallaroo::internal {

/// The end at a `key_by`: computes the key and sends the record to the executor that owns its
/// group. With `Carry` the key travels along; otherwise the consumer computes it again from the
/// record.
template <class T, class KeyFunction, bool Carry, bool WithTime>
class ExchangeTerminal {
  using Keys = KeyFinder<T, KeyFunction>;

 public:
  /// Records leave the chain, and with them any views that they hold.
  static constexpr bool transports_views = may_hold_views<T>;

  using Key = typename Keys::Key;
  using Slot = std::conditional_t<Carry, Carried<OwnedKey<Key>, T>, SlotWithoutKey<Key, T>>;
  using Spec = typename Keys::Spec;
  using Writer = RecordWriter<EdgeSlot<Slot, WithTime>, may_hold_views<T>>;
  using Appender = typename Writer::Appender;

  ExchangeTerminal(const Spec& spec, const SegmentContext& context, OutletCursor& next)
      : keys_(spec, context), writer_(**next++) {}

  template <Pass pass, class KeyTime, class Record>
  [[gnu::always_inline]] void accept(ChainContext& context, const KeyTime& key_time,
                                     Record&& record) {
    append<pass>(context, writer_.appender(context.pins), key_time, std::forward<Record>(record));
  }

  class Open {
   public:
    Open(ExchangeTerminal& terminal, ChainContext& context)
        : terminal_(&terminal), writer_(terminal.writer_.appender(context.pins)) {}

    template <Pass pass, class KeyTime, class Record>
    [[gnu::always_inline]] void accept(ChainContext& context, const KeyTime& key_time,
                                       Record&& record) {
      if constexpr (Writer::appender_lasts) {
        terminal_->template append<pass>(context, writer_, key_time, std::forward<Record>(record));
      } else {
        terminal_->template accept<pass>(context, key_time, std::forward<Record>(record));
      }
    }
    /// Accepts an array of records, for which common values are loaded only once.
    template <class KeyTime>
    [[gnu::always_inline]] void accept_all(ChainContext& context, const KeyTime& key_time,
                                           T* records, std::size_t size) {
      terminal_->template append_all<Pass::plain>(context, key_time, records, size);
    }

   private:
    ExchangeTerminal* terminal_;
    Appender writer_;
  };
  template <Pass pass, class KeyTime>
  [[gnu::always_inline]] void append_all(ChainContext& context, const KeyTime& key_time, T* records,
                                         std::size_t size) {
    const Appender writer = writer_.appender(context.pins);
    for (std::size_t i = 0; i < size; ++i) {
      append<pass>(context, writer, key_time, std::move(records[i]));
    }
  }
  Open open(ChainContext& context) { return Open(*this, context); }
  void finish() {}
  void flush(bool everything) { writer_.flush(everything); }
  template <class Visit>
  void for_each_stage(Visit&& visit) {
    visit(keys_.stage());
  }

 private:
  template <Pass pass, class KeyTime, class Record>
  [[gnu::always_inline]] void append(ChainContext& context, const Appender& writer,
                                     const KeyTime& key_time, Record&& record) {
    keys_.template find<pass>(
        context,
        std::as_const(record), [&](std::uint64_t hash, auto&& key) __attribute__((always_inline)) {
          const std::size_t target = writer.target_of(hash);
          if constexpr (Carry) {
            append_slot<WithTime>(writer, target, key_time, hash,
                                  OwnedKey<Key>(std::forward<decltype(key)>(key)),
                                  std::forward<Record>(record));
          } else if constexpr (sends_hash<Key>) {
            append_slot<WithTime>(writer, target, key_time, hash, std::forward<Record>(record));
          } else {
            append_slot<WithTime>(writer, target, key_time, std::forward<Record>(record));
          }
        });
  }

  Keys keys_;
  Writer writer_;
};

}  // namespace wallaroo::internal
