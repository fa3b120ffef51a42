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

// Each input has: Record, the type that the first step takes; Key, or NoKey; and
// for_each(context, batch, visit), which calls visit(first, key place, record) on each record,
// `first` being true for one record of the batch (the one whose stages are timed).

/// Frames of a byte source; the first step is the decoder.
struct FrameInput {
  using Record = std::string_view;
  using Key = NoKey;

  template <class Visit>
  void for_each(ChainContext& context, Batch& batch, Visit&& visit) {
    auto& frames = static_cast<FrameBatch&>(batch);
    context.origin = frames.origin;
    context.position = frames.first_position;
    const std::string_view* frame = frames.frames.data();
    const std::string_view* const end = frame + frames.frames.size();
    if (frame != end) {
      visit(std::true_type{}, NoKey{}, std::string_view(*frame));
    }
    while (++frame < end) {
      ++context.position;
      visit(std::false_type{}, NoKey{}, std::string_view(*frame));
    }
    context.origin = {};
  }
};

/// Records that nobody else uses: they may be moved from.
template <class T>
struct OwnedInput {
  using Record = T;
  using Key = NoKey;

  template <class Visit>
  void for_each(ChainContext&, Batch& batch, Visit&& visit) {
    auto& records = static_cast<RecordBatch<T>&>(batch);
    T* record = records.begin();
    T* const end = records.end();
    if (record != end) {
      visit(std::true_type{}, NoKey{}, std::move(*record));
    }
    while (++record < end) {
      visit(std::false_type{}, NoKey{}, std::move(*record));
    }
  }
};

/// Records in memory that must not change.
template <class T>
struct SharedInput {
  using Record = T;
  using Key = NoKey;

  template <class Visit>
  void for_each(ChainContext&, Batch& batch, Visit&& visit) {
    auto& records = static_cast<SpanBatch<T>&>(batch);
    const T* record = records.data;
    const T* const end = record + records.count;
    if (record != end) {
      visit(std::true_type{}, NoKey{}, *record);
    }
    while (++record < end) {
      visit(std::false_type{}, NoKey{}, *record);
    }
  }
};

/// Keyed records whose key is found in the record again: the key function returns a reference
/// into it, or a view. They are visited as const, since the key must stay whole.
template <class T, class KeyFunction>
struct HashedInput {
  using Record = T;
  using Key = std::remove_cvref_t<std::invoke_result_t<KeyFunction&, const T&>>;

  KeyFunction key_function;

  template <class Visit>
  void for_each(ChainContext&, Batch& batch, Visit&& visit) {
    auto& records = static_cast<RecordBatch<Hashed<T>>&>(batch);
    Hashed<T>* record = records.begin();
    Hashed<T>* const end = records.end();
    if (record != end) {
      visit_one(std::true_type{}, *record, visit);
    }
    while (++record < end) {
      visit_one(std::false_type{}, *record, visit);
    }
  }

 private:
  template <class First, class Visit>
  [[gnu::always_inline]] void visit_one(First first, const Hashed<T>& record, Visit& visit) {
    const auto& key = std::invoke(key_function, record.value);
    visit(first, KeyRef<Key>{record.hash, key}, record.value);
  }
};

/// Keyed records that carry their key. Without `Keep` the key is dropped: the stream goes on
/// unkeyed.
template <class T, class K, bool Keep = true>
struct CarriedInput {
  using Record = T;
  using Key = std::conditional_t<Keep, K, NoKey>;

  template <class Visit>
  void for_each(ChainContext&, Batch& batch, Visit&& visit) {
    auto& records = static_cast<RecordBatch<Carried<K, T>>&>(batch);
    Carried<K, T>* record = records.begin();
    Carried<K, T>* const end = records.end();
    if (record != end) {
      visit_one(std::true_type{}, *record, visit);
    }
    while (++record < end) {
      visit_one(std::false_type{}, *record, visit);
    }
  }

 private:
  template <class First, class Visit>
  [[gnu::always_inline]] static void visit_one(First first, Carried<K, T>& record, Visit& visit) {
    if constexpr (Keep) {
      visit(first, KeyRef<K>{record.hash, record.key}, std::move(record.value));
    } else {
      visit(first, NoKey{}, std::move(record.value));
    }
  }
};

}  // namespace wallaroo::internal
