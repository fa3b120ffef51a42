// The inputs of chains, which say how to walk over each kind of batch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <string_view>
#include <type_traits>
#include <utility>

#include "record/key.hpp"
#include "record/record_batch.hpp"
#include "step/chain_context.hpp"
#include "window/gathered.hpp"

namespace wallaroo::internal {

// Each input has these members:
//   Record                 the type that the first step takes
//   Key                    the type of the keys, or NoKey
//   slots(context, batch)  the range of slots in the batch
//   key_time(slot)         the key of the record, and its event time if it has one
//   hash(slot)             the hash of the key, in inputs with keys
//   key_time(slot, hash)   the same as key_time(slot), for a hash that is known
//   record(slot)           the record
//   next(context)          called between two slots
//   outlives_batch         true when the records stay where they are after the batch, not only the
//                          memory to which they point
//   timed                  true when records carry their event time
//   counted(slot)          the number of records for which the slot stands; left out where it is
//                          one
//
// They are plain functions of a slot so that the chain itself has the loop over a batch: if a
// closure captured the state of the loop, gcc would keep it in memory.

template <class Slot>
struct Slots {
  Slot* begin;
  Slot* end;
};

/// The number of records for which the slots of an input stand.
template <class Input, class Slot>
std::size_t records_in(const Slot* slot, const Slot* last) {
  if constexpr (requires { Input::counted(*slot); }) {
    return std::accumulate(slot, last, std::size_t{0}, [](std::size_t sum, const Slot& each) {
      return sum + Input::counted(each);
    });
  }
  return static_cast<std::size_t>(last - slot);
}

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
  static NoKey key_time(std::string_view) { return {}; }
  static std::string_view record(std::string_view frame) { return frame; }
};

/// Records that nobody else uses, so that they may be moved from.
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
  static NoKey key_time(const T&) { return {}; }
  static T&& record(T& slot) { return std::move(slot); }
};

/// Dead letters, as C++ sees them.
struct LetterInput {
  using Record = DeadLetter;
  using Slot = CarriedLetter;
  static constexpr bool outlives_batch = false;
  static constexpr bool timed = false;
  using Key = NoKey;

  static Slots<CarriedLetter> slots(ChainContext&, Batch& batch) {
    auto& letters = static_cast<RecordBatch<CarriedLetter>&>(batch);
    return {letters.begin(), letters.end()};
  }
  static void next(ChainContext&) {}
  static NoKey key_time(const CarriedLetter&) { return {}; }
  static DeadLetter&& record(CarriedLetter& slot) { return std::move(slot.letter); }
};

/// Records in memory, which must not be changed.
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
  static NoKey key_time(const T&) { return {}; }
  static const T& record(const T& slot) { return slot; }
};

/// Keyed records whose key is computed again: the key function returns a reference into the record,
/// or a view. They are passed as const, so that the key stays valid.
template <class T, class KeyFunction>
struct RekeyedInput {
  using Record = T;
  using KeyResult = std::invoke_result_t<KeyFunction&, const T&>;
  using Key = std::remove_cvref_t<KeyResult>;
  using Slot = SlotWithoutKey<Key, T>;
  static constexpr bool outlives_batch = false;
  static constexpr bool timed = false;

  KeyFunction key_function;

  static Slots<const Slot> slots(ChainContext&, Batch& batch) {
    auto& records = static_cast<RecordBatch<Slot>&>(batch);
    return {records.begin(), records.end()};
  }
  static void next(ChainContext&) {}
  std::uint64_t hash(const Slot& slot) {
    if constexpr (sends_hash<Key>) {
      return slot.hash;
    } else {
      return hash_key(std::invoke(key_function, slot));
    }
  }
  KeyRef<KeyResult> key_time(const Slot& slot) { return key_time(slot, hash(slot)); }
  KeyRef<KeyResult> key_time(const Slot& slot, std::uint64_t hash) {
    return {hash, std::invoke(key_function, record(slot))};
  }
  static const T& record(const Slot& slot) {
    if constexpr (sends_hash<Key>) {
      return slot.value;
    } else {
      return slot;
    }
  }
};

/// Keyed records that carry their key. Without `Keep` the key is dropped, and the stream continues
/// without keys.
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
  static std::uint64_t hash(const Carried<K, T>& slot) { return slot.hash; }
  static auto key_time(const Carried<K, T>& slot) {
    if constexpr (Keep) {
      return KeyRef<const K&>{slot.hash, slot.key};
    } else {
      return NoKey{};
    }
  }
  static auto key_time(const Carried<K, T>& slot, std::uint64_t) { return key_time(slot); }
  static T&& record(Carried<K, T>& slot) { return std::move(slot.value); }
};

/// Records and partial aggregates on their way to windows without keys.
template <class T, class Accumulator>
struct GatheredInput : OwnedInput<Gathered<T, Accumulator>> {
  static std::uint64_t counted(const Gathered<T, Accumulator>& slot) { return records_in(slot); }
};

template <class Input>
inline constexpr bool is_keyed = !std::is_same_v<typename Input::Key, NoKey>;

/// The records of another input, with their event time.
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
  std::uint64_t hash(const Slot& slot) requires is_keyed<Inner> { return inner.hash(slot.slot); }
  auto key_time(const Slot& slot) {
    using KeyPart = decltype(inner.key_time(slot.slot));
    return At<KeyPart>{inner.key_time(slot.slot), slot.time_ns};
  }
  auto key_time(const Slot& slot, std::uint64_t hash) requires is_keyed<Inner> {
    using KeyPart = decltype(inner.key_time(slot.slot, hash));
    return At<KeyPart>{inner.key_time(slot.slot, hash), slot.time_ns};
  }
  static decltype(auto) record(Slot& slot) { return Inner::record(slot.slot); }
  static std::uint64_t counted(const Slot& slot) requires requires { Inner::counted(slot.slot); }
  { return Inner::counted(slot.slot); }
};

}  // namespace wallaroo::internal
