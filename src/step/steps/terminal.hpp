// The ends of a chain, which lead to the queue of the next segment or to a sink.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <wallaroo/types/byte_writer.hpp>

#include "record/key.hpp"
#include "record/record_batch.hpp"
#include "route/record_writer.hpp"
#include "step/chain_context.hpp"
#include "step/describe.hpp"

namespace wallaroo::internal {

// Each terminal has a Spec, which is copied to every executor. It is made from the Spec, the
// context of a segment, and a cursor over the segment's outlets, from which it takes those of its
// edges. It has flush(everything), finish(), for_each_stage(visit(stage)), and open(context), which
// returns an object that accepts the records of one part of a batch with accept<pass>(context, key
// key_time, record). It may have end_batch(context), which is called after the records of a batch.

/// The result of open() for terminals that accept records themselves.
template <class Terminal>
struct Direct {
  Terminal* terminal;
  template <Pass pass, class KeyPart, class Record>
  [[gnu::always_inline]] void accept(ChainContext& context, const KeyPart& key, Record&& record) {
    terminal->template accept<pass>(context, key, std::forward<Record>(record));
  }
};

template <class Terminal>
void end_batch(Terminal& terminal, ChainContext& context) {
  if constexpr (requires { terminal.end_batch(context); }) {
    terminal.end_batch(context);
  }
}

/// Walks over the outlets of a segment while its terminals are made.
using OutletCursor = std::vector<Outlet*>::const_iterator;

/// Runs `work`. An exception is handled by the stage's policy.
template <class Work, class Record>
[[gnu::always_inline]] inline void guarded(ChainContext& context, StageRuntime& stage,
                                           const Record& record, Work&& work) {
  try {
    work();
  } catch (const StageFailure&) {
    throw;
  } catch (...) {
    context.failures.handle(stage, FailureHandler::current_error(), failed_record(record));
  }
}

/// The type that travels on an edge: the slot, with the event time if the stream has it.
template <class Slot, bool WithTime>
using EdgeSlot = std::conditional_t<WithTime, Timed<Slot>, Slot>;

/// Appends a slot that is made of `parts`, preceded by the event time if the edge has it.
template <bool WithTime, class Appender, class KeyTime, class... Parts>
[[gnu::always_inline]] inline void append_slot(const Appender& writer, std::size_t target,
                                               const KeyTime& key_time, Parts&&... parts) {
  if constexpr (WithTime) {
    writer.append(target, key_time.time_ns, std::forward<Parts>(parts)...);
  } else {
    writer.append(target, std::forward<Parts>(parts)...);
  }
}

/// Sends every record to one or several next segments. Records without keys go to the segment on
/// this executor (or to its only instance), records with keys go, with their keys, to the owners of
/// the keys.
template <class T, class K, bool WithTime>
class ForwardTerminal {
 public:
  /// Records leave the chain, and with them any views that they hold.
  static constexpr bool transports_views = may_hold_views<T>;

  struct Spec {};
  ForwardTerminal(const Spec&, const SegmentContext& context, OutletCursor& next) {
    for (; next != context.outlets.end(); ++next) {
      writers_.emplace_back(**next);
    }
  }

  template <Pass, class KeyTime, class Record>
  [[gnu::always_inline]] void accept(ChainContext& context, const KeyTime& key_time,
                                     Record&& record) {
    const std::size_t last = writers_.size() - 1;
    for (std::size_t i = 0; i < last; ++i) {
      append(writers_[i], context, key_time, std::as_const(record));
    }
    append(writers_[last], context, key_time, std::forward<Record>(record));
  }
  auto open(ChainContext&) { return Direct<ForwardTerminal>{this}; }
  void finish() {}
  void flush(bool everything) {
    for (auto& writer : writers_) {
      writer.flush(everything);
    }
  }
  template <class Visit>
  void for_each_stage(Visit&&) {}

 private:
  static constexpr bool keyed = !std::is_same_v<K, NoKey>;
  using Slot = std::conditional_t<keyed, Carried<K, T>, T>;
  using Writer = RecordWriter<EdgeSlot<Slot, WithTime>, may_hold_views<T>>;

  template <class KeyTime, class Record>
  [[gnu::always_inline]] static void append(Writer& writer, ChainContext& context,
                                            const KeyTime& key_time, Record&& record) {
    const auto appender = writer.appender(context.pins);
    if constexpr (keyed) {
      const auto& key = key_part(key_time);
      append_slot<WithTime>(appender, appender.target_of(key.hash), key_time, key.hash, K(key.key),
                            std::forward<Record>(record));
    } else {
      append_slot<WithTime>(appender, 0, key_time, std::forward<Record>(record));
    }
  }

  std::vector<Writer> writers_;
};

/// The end at a sink of bytes: encodes on the executor that made the record, and sends the bytes to
/// the executor that owns the connection.
template <class T, class Encoder>
class EncodeTerminal {
 public:
  static constexpr bool transports_views = false;
  static constexpr bool writes = std::is_invocable_v<Encoder&, const T&, ByteWriter&>;
  /// The encoder returns false for records of which it writes nothing.
  static constexpr bool decides = std::is_invocable_r_v<bool, Encoder&, const T&, ByteWriter&>;
  static constexpr bool check() {
    if constexpr (!writes) {
      static_assert(std::is_invocable_v<Encoder&, const T&>,
                    "wallaroo: this sink's encoder does not take the record type of the stage "
                    "before it; an encoder is std::string encode(const Record&) or void "
                    "encode(const Record&, wallaroo::ByteWriter&)");
      static_assert(
          std::is_convertible_v<std::invoke_result_t<Encoder&, const T&>, std::string_view>,
          "wallaroo: an encoder returns its bytes as std::string or std::string_view, or writes "
          "them to a wallaroo::ByteWriter&");
    }
    return true;
  }
  static_assert(check());

  struct Spec {
    StageId stage;
    Encoder encoder;
  };
  EncodeTerminal(const Spec& spec, const SegmentContext& context, OutletCursor& next)
      : encoder_(spec.encoder), stage_(context.stages.at(spec.stage)), outlet_(*next++) {}

  template <Pass pass, class KeyPart, class Record>
  [[gnu::always_inline]] void accept(ChainContext& context, const KeyPart&, Record&& record) {
    if (open_->ends.empty()) {
      open_->ingest_ns = context.pins.ingest_ns;
    }
    const std::size_t before = out_.size();
    try {
      CallTimer<pass == Pass::timed> timer(context, stage_->call);
      if constexpr (decides) {
        if (!std::invoke(encoder_, std::as_const(record), out_)) {
          out_.truncate(before);
          return;
        }
      } else if constexpr (writes) {
        std::invoke(encoder_, std::as_const(record), out_);
      } else {
        out_.append(std::string_view(std::invoke(encoder_, std::as_const(record))));
      }
      timer.stop();
    } catch (...) {
      out_.truncate(before);
      fail(context, record);
      return;
    }
    open_->ends.push_back(static_cast<std::uint32_t>(out_.size()));
    if (out_.size() >= max_batch_bytes || open_->ends.size() >= max_ends) [[unlikely]] {
      send();
    }
  }
  auto open(ChainContext&) { return Direct<EncodeTerminal>{this}; }
  void finish() {}
  void flush(bool everything) {
    if (!open_->ends.empty() && (everything || outlet_->target_idle(0))) {
      send();
    }
  }
  template <class Visit>
  void for_each_stage(Visit&& visit) {
    visit(*stage_);
  }

 private:
  static constexpr std::size_t max_ends = 8 * max_batch_records;

  template <class Record>
  [[gnu::noinline, gnu::cold]] void fail(ChainContext& context, const Record& record) {
    guarded(context, *stage_, record, [] { throw; });
  }
  [[gnu::noinline]] void send() {
    out_.close();
    outlet_->send(0, std::move(open_));
    BatchPtr used = outlet_->recycled(0);
    open_.reset(used ? static_cast<ByteBatch*>(used.release()) : new ByteBatch);
    out_.open(open_->bytes);
  }

  Encoder encoder_;
  StageRuntime* stage_;
  Outlet* outlet_;
  std::unique_ptr<ByteBatch> open_ = std::make_unique<ByteBatch>();
  ByteWriter out_{open_->bytes};
};

/// Gives every record to each of several ends.
template <class... Terminals>
class TeeTerminal {
 public:
  static constexpr bool transports_views = false;
  struct Spec {
    std::tuple<typename Terminals::Spec...> specs;
  };
  TeeTerminal(const Spec& spec, const SegmentContext& context, OutletCursor& next)
      : terminals_(std::apply(
            [&](const auto&... each) {
              return std::tuple<std::unique_ptr<Terminals>...>{
                  std::make_unique<Terminals>(each, context, next)...};
            },
            spec.specs)) {}

  template <Pass pass, class KeyPart, class Record>
  [[gnu::always_inline]] void accept(ChainContext& context, const KeyPart& key, Record&& record) {
    std::apply(
        [&](auto&... terminal) {
          (terminal->template accept<pass>(context, key, std::as_const(record)), ...);
        },
        terminals_);
  }
  auto open(ChainContext&) { return Direct<TeeTerminal>{this}; }
  void finish() {
    std::apply([&](auto&... terminal) { (terminal->finish(), ...); }, terminals_);
  }
  void flush(bool everything) {
    std::apply([&](auto&... terminal) { (terminal->flush(everything), ...); }, terminals_);
  }
  template <class Visit>
  void for_each_stage(Visit&& visit) {
    std::apply([&](auto&... terminal) { (terminal->for_each_stage(visit), ...); }, terminals_);
  }

 private:
  std::tuple<std::unique_ptr<Terminals>...> terminals_;
};

}  // namespace wallaroo::internal
