// Where a chain's records come from: how to walk over each kind of batch.
#pragma once

#include <functional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "record/key.hpp"
#include "record/record_batch.hpp"
#include "step/chain_context.hpp"

namespace wallaroo::internal {

// Each input has: Record, the type that the first step takes; Key, or NoKey; slots(context, batch),
// the range of what the batch holds; and for one slot place(slot), the record's key, and
// record(slot), the record. next(context) is called between two slots. `outlives_batch` tells
// whether the records themselves, not only what they point to, stay where they are after the batch;
// `timed` whether records carry their event time.
//
// They are plain functions of a slot so that the loop over a batch stands in the chain itself: when
// the state of that loop is captured by a closure, gcc keeps it in memory.

template <class Slot>
struct Slots {
  Slot* begin;
  Slot* end;
};

/// Frames of a byte source; the first step is the decoder.
struct FrameInput {
  using Record = std::string_view;
  static constexpr bool outlives_batch = false;
  static constexpr bool timed = false;
  using Key = NoKey;

  static Slots<const std::string_view> slots(ChainContext& context, Batch& batch) {
    auto& frames = static_cast<FrameBatch&>(batch);
    context.origin = frames.origin;
    context.position = frames.first_position;
    const std::string_view* const begin = frames.frames.data();
    return {begin, begin + frames.frames.size()};
  }
  static void next(ChainContext& context) { ++context.position; }
  static NoKey place(std::string_view) { return {}; }
  static std::string_view record(std::string_view frame) { return frame; }
};

/// Records that nobody else uses: they may be moved from.
template <class T>
struct OwnedInput {
  using Record = T;
  using Slot = T;
  static constexpr bool outlives_batch = false;
  static constexpr bool timed = false;
  using Key = NoKey;

  static Slots<T> slots(ChainContext&, Batch& batch) {
    auto& records = static_cast<RecordBatch<T>&>(batch);
    return {records.begin(), records.end()};
  }
  static void next(ChainContext&) {}
  static NoKey place(const T&) { return {}; }
  static T&& record(T& slot) { return std::move(slot); }
};

/// Records in memory that must not change.
template <class T>
struct SharedInput {
  using Record = T;
  static constexpr bool outlives_batch = true;
  static constexpr bool timed = false;
  using Key = NoKey;

  static Slots<const T> slots(ChainContext&, Batch& batch) {
    auto& records = static_cast<SpanBatch<T>&>(batch);
    return {records.data, records.data + records.count};
  }
  static void next(ChainContext&) {}
  static NoKey place(const T&) { return {}; }
  static const T& record(const T& slot) { return slot; }
};

/// Keyed records whose key is found in the record again: the key function returns a reference
/// into it, or a view. They are visited as const, since the key must stay whole.
template <class T, class KeyFunction>
struct HashedInput {
  using Record = T;
  using Slot = Hashed<T>;
  static constexpr bool outlives_batch = false;
  static constexpr bool timed = false;
  using KeyResult = std::invoke_result_t<KeyFunction&, const T&>;
  using Key = std::remove_cvref_t<KeyResult>;

  KeyFunction key_function;

  static Slots<const Hashed<T>> slots(ChainContext&, Batch& batch) {
    auto& records = static_cast<RecordBatch<Hashed<T>>&>(batch);
    return {records.begin(), records.end()};
  }
  static void next(ChainContext&) {}
  KeyRef<KeyResult> place(const Hashed<T>& slot) {
    return {slot.hash, std::invoke(key_function, slot.value)};
  }
  static const T& record(const Hashed<T>& slot) { return slot.value; }
};

/// Keyed records that carry their key. Without `Keep` the key is dropped: the stream goes on
/// unkeyed.
template <class T, class K, bool Keep = true>
struct CarriedInput {
  using Record = T;
  using Slot = Carried<K, T>;
  static constexpr bool outlives_batch = false;
  static constexpr bool timed = false;
  using Key = std::conditional_t<Keep, K, NoKey>;

  static Slots<Carried<K, T>> slots(ChainContext&, Batch& batch) {
    auto& records = static_cast<RecordBatch<Carried<K, T>>&>(batch);
    return {records.begin(), records.end()};
  }
  static void next(ChainContext&) {}
  static auto place(const Carried<K, T>& slot) {
    if constexpr (Keep) {
      return KeyRef<const K&>{slot.hash, slot.key};
    } else {
      return NoKey{};
    }
  }
  static T&& record(Carried<K, T>& slot) { return std::move(slot.value); }
};

/// The records of another input with their event time.
template <class Inner>
struct TimedInput {
  using Record = typename Inner::Record;
  using Slot = Timed<typename Inner::Slot>;
  using Key = typename Inner::Key;
  static constexpr bool outlives_batch = false;
  static constexpr bool timed = true;

  Inner inner;

  static Slots<Slot> slots(ChainContext&, Batch& batch) {
    auto& records = static_cast<RecordBatch<Slot>&>(batch);
    return {records.begin(), records.end()};
  }
  static void next(ChainContext&) {}
  auto place(const Slot& slot) {
    using KeyPlace = decltype(inner.place(slot.slot));
    return At<KeyPlace>{inner.place(slot.slot), slot.time_ns};
  }
  static decltype(auto) record(Slot& slot) { return Inner::record(slot.slot); }
};

}  // namespace wallaroo::internal
