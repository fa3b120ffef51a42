// The records behind some of the excerpts in a batch.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <utility>
#include <vector>

#include "record/batch.hpp"

namespace wallaroo::internal {

/// Records that travel with a batch of smaller slots, found by the address of their slot: slots
/// stay where they are from producer to consumer. The producer adds them in the order of the slots.
template <class T>
class WholeRecords final : public BatchExtra {
 public:
  /// Adds the record behind a slot.
  template <class Record, class Slot>
  static void add(Batch& batch, const Slot* slot, Record&& record) {
    if (batch.extra == nullptr) {
      batch.extra = std::make_unique<WholeRecords>();
    }
    auto& all = static_cast<WholeRecords&>(*batch.extra).all_;
    all.push_back({slot, slot + 1, std::forward<Record>(record)});
  }

  /// Returns the record behind the slot that has this address in it; null if it is not here.
  /// `extra` may be null.
  static const T* find(const BatchExtra* extra, const void* place) {
    if (extra == nullptr) {
      return nullptr;
    }
    const auto& all = static_cast<const WholeRecords&>(*extra).all_;
    const std::less<const void*> before;
    const auto next = std::upper_bound(
        all.begin(), all.end(), place,
        [&](const void* address, const Whole& whole) { return before(address, whole.begin); });
    if (next == all.begin() || !before(place, std::prev(next)->end)) {
      return nullptr;
    }
    return &std::prev(next)->record;
  }

 private:
  struct Whole {
    const void* begin;  ///< of the slot
    const void* end;
    T record;
  };
  std::vector<Whole> all_;
};

}  // namespace wallaroo::internal
