// Logs which records came too late, and what can be done about it.
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

/// Serves all stages of a segment on one executor. It logs the first records at once and then ever
/// fewer, as FailureHandler does.
class LossLog {
 public:
  explicit LossLog(const Log& log) : log_(&log) {}

  /// Logs a record that came when the stage's watermark was `watermark_ns`. A dropped record is a
  /// warning; others are information, since the application has chosen what to do with them.
  template <class Record>
  void late(const StageRuntime& stage, const LateArrival& arrival, std::int64_t watermark_ns,
            const Record& record) {
    Told& told = told_of(stage, arrival.dropped);
    if (worth_logging(++told.count)) {
      say_late(stage, arrival, watermark_ns, told, shortened(describe(record)));
      told.told = told.count;
    }
  }
  /// Logs several records that came as one aggregate; the newest of them has the arrival's time.
  void late_together(const StageRuntime& stage, const LateArrival& arrival,
                     std::int64_t watermark_ns, std::uint64_t records);

 private:
  struct Told {
    const StageRuntime* stage = nullptr;
    bool dropped = false;
    std::uint64_t count = 0;
    std::uint64_t told = 0;  ///< how many of them the messages so far include
  };

  Told& told_of(const StageRuntime& stage, bool dropped);
  void say_late(const StageRuntime& stage, const LateArrival& arrival, std::int64_t watermark_ns,
                const Told& told, const std::string& record) const;

  const Log* log_;
  std::vector<Told> told_;
};

}  // namespace wallaroo::internal
