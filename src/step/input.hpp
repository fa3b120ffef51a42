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

// Each input has: Record, the type that the first step takes; Key, or NoKey; and first(context,
// batch, visit) and rest(context, batch, visit), which call visit(key place, record) on the first
// record of a batch (if there is one) and on those after it.

/// Walks over slots that lie one after the other.
template <class Slot, class Visit>
[[gnu::always_inline]] inline void visit_rest(Slot* begin, Slot* end, Visit&& visit) {
  if (begin != end) {
    for (Slot* slot = begin + 1; slot != end; ++slot) {
      visit(*slot);
    }
  }
}

/// Frames of a byte source; the first step is the decoder.
struct FrameInput {
  using Record = std::string_view;
  using Key = NoKey;

  template <class Visit>
  void first(ChainContext& context, Batch& batch, Visit&& visit) {
    auto& frames = static_cast<FrameBatch&>(batch);
    context.origin = frames.origin;
    context.position = frames.first_position;
    if (!frames.frames.empty()) {
      visit(NoKey{}, std::string_view(frames.frames.front()));
    }
  }
  template <class Visit>
  void rest(ChainContext& context, Batch& batch, Visit&& visit) {
    auto& frames = static_cast<FrameBatch&>(batch);
    const std::string_view* const begin = frames.frames.data();
    visit_rest(begin, begin + frames.frames.size(), [&](std::string_view frame) {
      ++context.position;
      visit(NoKey{}, std::string_view(frame));
    });
    context.origin = {};
  }
};

/// Records that nobody else uses: they may be moved from.
template <class T>
struct OwnedInput {
  using Record = T;
  using Key = NoKey;

  template <class Visit>
  void first(ChainContext&, Batch& batch, Visit&& visit) {
    auto& records = static_cast<RecordBatch<T>&>(batch);
    if (records.size() != 0) {
      visit_one(*records.begin(), visit);
    }
  }
  template <class Visit>
  void rest(ChainContext&, Batch& batch, Visit&& visit) {
    auto& records = static_cast<RecordBatch<T>&>(batch);
    visit_rest(records.begin(), records.end(), [&](auto& slot) { visit_one(slot, visit); });
  }

 private:
  template <class Visit>
  [[gnu::always_inline]] static void visit_one(T& record, Visit& visit) {
    visit(NoKey{}, std::move(record));
  }
};

/// Records in memory that must not change.
template <class T>
struct SharedInput {
  using Record = T;
  using Key = NoKey;

  template <class Visit>
  void first(ChainContext&, Batch& batch, Visit&& visit) {
    auto& records = static_cast<SpanBatch<T>&>(batch);
    if (records.size() != 0) {
      visit_one(*records.data, visit);
    }
  }
  template <class Visit>
  void rest(ChainContext&, Batch& batch, Visit&& visit) {
    auto& records = static_cast<SpanBatch<T>&>(batch);
    visit_rest(records.data, (records.data + records.count), [&](auto& slot) { visit_one(slot, visit); });
  }

 private:
  template <class Visit>
  [[gnu::always_inline]] static void visit_one(const T& record, Visit& visit) {
    visit(NoKey{}, record);
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
  void first(ChainContext&, Batch& batch, Visit&& visit) {
    auto& records = static_cast<RecordBatch<Hashed<T>>&>(batch);
    if (records.size() != 0) {
      visit_one(*records.begin(), visit);
    }
  }
  template <class Visit>
  void rest(ChainContext&, Batch& batch, Visit&& visit) {
    auto& records = static_cast<RecordBatch<Hashed<T>>&>(batch);
    visit_rest(records.begin(), records.end(), [&](auto& slot) { visit_one(slot, visit); });
  }

 private:
  template <class Visit>
  [[gnu::always_inline]] void visit_one(const Hashed<T>& record, Visit& visit) {
    const auto& key = std::invoke(key_function, record.value);
    visit(KeyRef<Key>{record.hash, key}, record.value);
  }
};

/// Keyed records that carry their key. Without `Keep` the key is dropped: the stream goes on
/// unkeyed.
template <class T, class K, bool Keep = true>
struct CarriedInput {
  using Record = T;
  using Key = std::conditional_t<Keep, K, NoKey>;

  template <class Visit>
  void first(ChainContext&, Batch& batch, Visit&& visit) {
    auto& records = static_cast<RecordBatch<Carried<K, T>>&>(batch);
    if (records.size() != 0) {
      visit_one(*records.begin(), visit);
    }
  }
  template <class Visit>
  void rest(ChainContext&, Batch& batch, Visit&& visit) {
    auto& records = static_cast<RecordBatch<Carried<K, T>>&>(batch);
    visit_rest(records.begin(), records.end(), [&](auto& slot) { visit_one(slot, visit); });
  }

 private:
  template <class Visit>
  [[gnu::always_inline]] static void visit_one(Carried<K, T>& record, Visit& visit) {
    if constexpr (Keep) {
      visit(KeyRef<K>{record.hash, record.key}, std::move(record.value));
    } else {
      visit(NoKey{}, std::move(record.value));
    }
  }
};

}  // namespace wallaroo::internal
