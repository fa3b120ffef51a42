// The settings of checkpoints, and the failures that one run reports to the next.
#pragma once

#include <cstddef>
#include <cstdint>

namespace wallaroo::internal {

struct CheckpointSettings {
  std::int64_t interval_ns = 1'000'000'000;
  std::int64_t timeout_ns = 600'000'000'000;
  std::size_t retain = 2;           ///< complete checkpoints that are kept
  std::uint64_t max_failures = 10;  ///< in a row; 0: never stops
};

/// The failed checkpoints that a run reports to the next one after a roll back.
struct FailedCheckpoints {
  std::uint64_t in_row = 0;
  std::uint64_t last = 0;  ///< attempts at the last checkpoint
};

}  // namespace wallaroo::internal
