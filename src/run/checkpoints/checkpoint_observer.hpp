// Is told how checkpoints go.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "checkpoint/store/manifest.hpp"

namespace wallaroo::internal {

/// Called on the checkpointer's thread, for one checkpoint after the other, but for `met_barrier`.
/// Must not throw.
class CheckpointObserver {
 public:
  CheckpointObserver() = default;
  CheckpointObserver(const CheckpointObserver&) = delete;
  CheckpointObserver& operator=(const CheckpointObserver&) = delete;
  virtual ~CheckpointObserver() = default;

  virtual void began(std::uint64_t number) = 0;
  /// A segment has met the barrier on all its inputs. From any thread.
  virtual void met_barrier(std::uint64_t number) = 0;
  /// The step before `phase` is done: "durable", "vote", "publish" or "commit".
  virtual void entered(std::uint64_t number, std::string_view phase) = 0;
  /// It is committed. `bytes` are those that it wrote.
  virtual void completed(const Manifest& manifest, std::uint64_t bytes) = 0;
  /// `outcome` is "failed" or "rolled back".
  virtual void failed(std::uint64_t number, std::string_view outcome,
                      const std::string& reason) = 0;
};

}  // namespace wallaroo::internal
