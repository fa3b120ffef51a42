#include "step/event_time_step.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace wallaroo::internal {

namespace {

std::string date_of(std::int64_t time_ns) {
  const std::chrono::system_clock::time_point time{
      std::chrono::duration_cast<std::chrono::system_clock::duration>(
          std::chrono::nanoseconds(time_ns))};
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}Z",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
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

}  // namespace wallaroo::internal
