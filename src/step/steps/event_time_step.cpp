#include "step/steps/event_time_step.hpp"

#include <fmt/format.h>

#include "base/date_text.hpp"
#include "step/failures/time_unit.hpp"
#include "step/once_per_stage.hpp"

namespace wallaroo::internal {

namespace {

/// The date and time, to the second.
std::string date_of(std::int64_t time_ns) {
  const std::string date = date_text(time_ns);
  const std::size_t fraction = date.find('.');
  return fraction == date.npos ? date : date.substr(0, fraction) + "Z";
}

}  // namespace

std::string too_far_ahead(std::int64_t time_ns, std::int64_t wall_ns,
                          std::chrono::nanoseconds max_ahead) {
  if (time_ns == end_of_time) {
    return "its event time is beyond the year 2262";
  }
  return fmt::format(
      "its event time {} ({} ns) is more than {} s ahead of the wall clock ({}); if such times are "
      "meant, raise max_ahead in the options of event_time",
      date_of(time_ns), time_ns, std::chrono::duration<double>(max_ahead).count(),
      date_of(wall_ns));
}

void warn_of_far_ahead(const Log& log, std::string_view stage, std::uint64_t records,
                       std::chrono::nanoseconds max_jump) {
  log.warning(
      "stage '{}': the times of {} records were more than {} s ahead of those before and after "
      "them; the watermark does not follow them (is a sender's clock wrong? if such times are "
      "meant, raise max_jump in the options of event_time)",
      stage, records, std::chrono::duration<double>(max_jump).count());
}

void doubt_unit(const StageInfo& stage, std::int64_t time_ns, const Log& log, OncePerStage* once) {
  if (const auto doubt = doubt_about_unit(time_ns);
      doubt && (once == nullptr || once->first(stage))) {
    log.warning("stage '{}': the first event time is doubtful: {}", stage.name, *doubt);
  }
}

void throw_no_strategy(const StageInfo& stage) {
  throw StageFailure(fmt::format("stage '{}': its custom watermark strategy cannot be made: {}",
                                 stage.name, FailureHandler::current_error()));
}

}  // namespace wallaroo::internal
