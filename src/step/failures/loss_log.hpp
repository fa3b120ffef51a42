// Says in the log which records came too late, and what can be done about it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "record/describe.hpp"
#include "step/failures/rare_log.hpp"
#include "step/stage.hpp"
#include "window/time/late_arrival.hpp"

namespace wallaroo::internal {

/// Of all stages of a segment on one executor. The first records are told of at once, then ever
/// fewer, as records are on which a stage failed (FailureHandler).
class LossLog {
 public:
  explicit LossLog(const Log& log) : log_(&log) {}

  /// A record that came when the stage's watermark was `watermark_ns`. One that is dropped is a
  /// warning; what becomes of others the application has chosen.
  template <class Record>
  void late(const StageRuntime& stage, const LateArrival& arrival, std::int64_t watermark_ns,
            const Record& record) {
    Told& told = told_of(stage, arrival.dropped);
    if (worth_logging(++told.count)) {
      say_late(stage, arrival, watermark_ns, told, shortened(describe(record)));
      told.told = told.count;
    }
  }

 private:
  struct Told {
    const StageRuntime* stage = nullptr;
    bool dropped = false;
    std::uint64_t count = 0;
    std::uint64_t told = 0;  ///< as of the last message
  };

  Told& told_of(const StageRuntime& stage, bool dropped);
  void say_late(const StageRuntime& stage, const LateArrival& arrival, std::int64_t watermark_ns,
                const Told& told, const std::string& record) const;

  const Log* log_;
  std::vector<Told> told_;
};

}  // namespace wallaroo::internal
