// What a run has done and what it has lost: the last lines of its log.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "step/stage.hpp"

namespace wallaroo::internal {

/// Sums over all executors; after a roll back also over all runs of the process.
struct RunTotals {
  struct Source {
    std::string name;
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;
    std::uint64_t bad_records = 0;
    std::uint64_t framing_errors = 0;
  };
  struct Sink {
    std::string name;
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;
    std::uint64_t lost = 0;
  };
  struct Stage {
    std::string name;
    StageKind kind = StageKind::computation;
    OnError on_error = OnError::stop;
    std::uint64_t records_in = 0;
    std::uint64_t late = 0;
    std::uint64_t dropped = 0;  ///< of the late ones
    std::uint64_t failed = 0;
  };

  std::vector<Source> sources;
  std::vector<Sink> sinks;
  std::vector<Stage> stages;
  std::uint64_t checkpoints = 0;
  std::uint64_t checkpoints_failed = 0;
  std::uint64_t roll_backs = 0;

  /// Adds those of an earlier run of the same plan. Either may be empty. The counters of
  /// checkpoints are shared by all runs, so the greater ones are kept.
  void add(const RunTotals& earlier);
  /// After those of the stages and the sinks. A callback is called where its records are made and
  /// has no writer that counts, so its stage counts for it.
  void add_sinks_without_writers();
};

/// "in 12.3 s: source 'in' 12.4 M records (1 M/s, 310 MB); sink 'out' ...; 12 checkpoints".
std::string totals_line(const RunTotals& totals, double seconds);

struct LossLine {
  bool chosen = false;  ///< a policy of the application decided where these records went
  std::string text;
};
/// A line for each stage, source and sink that has lost records, or sent them elsewhere.
std::vector<LossLine> loss_lines(const RunTotals& totals);

}  // namespace wallaroo::internal
