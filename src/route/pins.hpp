// The properties that a batch of outputs inherits from the batch of inputs.
#pragma once

#include <cstdint>
#include <vector>

#include "record/arena.hpp"
#include "record/batch.hpp"

namespace wallaroo::internal {

/// Describes the input batch that is being processed: when it entered the pipeline, and the memory
/// to which views in its outputs may point.
struct InputPins {
  std::int64_t ingest_ns = 0;
  /// Changes whenever the set of pinned memory changes; never 0 while a batch is processed.
  std::uint64_t epoch = 1;
  const std::vector<PinnedRef>* pins = nullptr;
  boost::intrusive_ptr<Arena> arena;
  /// Holds records into which stages of the chain have emitted views.
  std::vector<PinnedRef> kept;

  void pin(Batch& output) const { pin(output.pins); }
  /// Adds references to all pinned memory. Records may be kept as long as their holder keeps these.
  void pin(std::vector<PinnedRef>& held) const {
    if (pins != nullptr) {
      held.insert(held.end(), pins->begin(), pins->end());
    }
    // An empty arena is pinned, too: bytes may follow for later records of the same batch.
    if (arena != nullptr) {
      held.emplace_back(arena);
    }
    held.insert(held.end(), kept.begin(), kept.end());
  }
};

}  // namespace wallaroo::internal
