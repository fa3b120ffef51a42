// Lets only one executor log a message about a stage.
#pragma once

#include <mutex>
#include <set>

#include "step/stage.hpp"

namespace wallaroo::internal {

/// Shared by all executors of a run.
class OncePerStage {
 public:
  /// Returns true for the first caller only.
  bool first(const StageInfo& stage) {
    const std::lock_guard lock(mutex_);
    return said_.insert(&stage).second;
  }

 private:
  std::mutex mutex_;
  std::set<const StageInfo*> said_;  ///< guarded by mutex_
};

}  // namespace wallaroo::internal
