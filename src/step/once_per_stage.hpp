// What is said of a stage once, on whichever executor it is found out first.
#pragma once

#include <mutex>
#include <set>

#include "step/stage.hpp"

namespace wallaroo::internal {

/// Shared by all executors of a run.
class OncePerStage {
 public:
  /// True for the first caller.
  bool first(const StageInfo& stage) {
    const std::lock_guard lock(mutex_);
    return said_.insert(&stage).second;
  }

 private:
  std::mutex mutex_;
  std::set<const StageInfo*> said_;  ///< guarded by mutex_
};

}  // namespace wallaroo::internal
