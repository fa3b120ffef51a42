// What a batch of outputs inherits from the batch of inputs it is made from.
#pragma once

#include <cstdint>
#include <vector>

#include "record/arena.hpp"
#include "record/batch.hpp"

namespace wallaroo::internal {

/// The input batch being processed, as its outputs see it: when it entered the pipeline and which
/// memory views may point into.
struct InputPins {
  std::int64_t ingest_ns = 0;
  /// Changes whenever the set of memory changes; never 0 while a batch is processed.
  std::uint64_t epoch = 1;
  const std::vector<PinnedRef>* pins = nullptr;
  boost::intrusive_ptr<Arena> arena;
  /// Records that stages of the chain emit views into.
  std::vector<PinnedRef> kept;

  void pin(Batch& output) const { pin(output.pins); }
  /// Whoever holds these may keep records until they are gone.
  void pin(std::vector<PinnedRef>& held) const {
    if (pins != nullptr) {
      held.insert(held.end(), pins->begin(), pins->end());
    }
    // Also while it is empty: bytes may follow for records that join this same batch.
    if (arena != nullptr) {
      held.emplace_back(arena);
    }
    held.insert(held.end(), kept.begin(), kept.end());
  }
};

}  // namespace wallaroo::internal
