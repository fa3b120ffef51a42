// The keys for which a run has state.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <set>
#include <string>

#include "run/executor.hpp"

namespace wallaroo::internal {

/// The keys of one stage on all executors, as they are stored.
struct StageKeys {
  std::string schema;  ///< see KeyVisitor
  std::set<std::string> keys;
};

struct StateKeys {
  std::map<std::string, StageKeys> stages;  ///< by the stage's name
  bool complete = true;                     ///< every executor has answered
};

/// Asks each executor for the keys that it owns, and waits for their answers until `limit` has
/// passed. Executors answer between two batches, at different moments. Call from a thread that is
/// no executor's, while the executors run; they may end meanwhile.
StateKeys gather_state_keys(const Executors& executors, std::chrono::nanoseconds limit);

}  // namespace wallaroo::internal
