// Watches the checkpoints of a run, and the resident memory of the process.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <wallaroo/wallaroo.hpp>

#include "support/program.hpp"

namespace wallaroo::bench {

// One checkpoint that was completed.
struct Observed {
  double seconds = 0;         // from its beginning to the commit of its sinks
  std::size_t rss_bytes = 0;  // when it began
  std::size_t peak_bytes = 0;
};

// Reads the engine's log, which tells when a checkpoint begins and when it is complete. Must live
// as long as the engine whose log it is.
class CheckpointWatch {
 public:
  // With `memory` the peak memory of the process is reset at the beginning of each checkpoint.
  explicit CheckpointWatch(bool memory = false) : memory_(memory) {}

  LogCallback callback() {
    return [this](LogLevel level, std::string_view text) { hear(level, text); };
  }
  std::vector<Observed> completed() const {
    const std::lock_guard lock(mutex_);
    return completed_;
  }

 private:
  void hear(LogLevel level, std::string_view text);

  const bool memory_;
  mutable std::mutex mutex_;
  std::chrono::steady_clock::time_point began_;
  Observed running_;
  std::vector<Observed> completed_;
};

// The options that the programs with checkpoints share. Without a directory no checkpoint is taken.
Parameters with_checkpoints(Parameters defaults);
CheckpointOptions checkpoint_options(const Parameters& parameters);

// Runs to the end, like `timed_run`. With checkpoints (see `with_checkpoints`) adds to `figures`
// how many completed and how long they took; throws when fewer completed than there are intervals
// in the run.
double checkpointed_run(const Application& application, const Parameters& parameters,
                        std::map<std::string, double>& figures);

double median_of(std::vector<double> values);

}  // namespace wallaroo::bench
