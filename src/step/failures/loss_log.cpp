#include "step/failures/loss_log.hpp"

#include <utility>

#include <fmt/format.h>

#include "base/date_text.hpp"
#include "base/public_line.hpp"
#include "base/times.hpp"

namespace wallaroo::internal {

namespace {

std::string advice(const StageInfo& stage) {
  const std::string later =
      stage.clocks.empty() ? "" : fmt::format("raise bounded_lateness on {}, ", stage.clocks);
  return fmt::format("{}give the {} a delay, or take late records with to_with_late", later,
                     stage.kind == StageKind::join ? "join" : "windows");
}

/// Says at which watermark a record came, and how far behind it. A record that is not behind it
/// belongs to a window that was closed for another reason, such as a time-out.
std::string met(std::int64_t time_ns, std::int64_t watermark_ns) {
  const bool behind =
      watermark_ns != no_time && watermark_ns != end_of_time && watermark_ns > time_ns;
  return fmt::format(
      "at watermark {}{}", date_text(watermark_ns),
      behind ? fmt::format(" ({} later)", duration_text(saturating_subtract(watermark_ns, time_ns)))
             : "");
}

}  // namespace

LossLog::Told& LossLog::told_of(const StageRuntime& stage, bool dropped) {
  for (Told& told : told_) {
    if (told.stage == &stage && told.dropped == dropped) {
      return told;
    }
  }
  return told_.emplace_back(Told{.stage = &stage, .dropped = dropped});
}

void LossLog::late_together(const StageRuntime& stage, const LateArrival& arrival,
                            std::int64_t watermark_ns, std::uint64_t records) {
  Told& told = told_of(stage, arrival.dropped);
  const std::uint64_t before = std::exchange(told.count, told.count + records);
  if (worth_logging(before, told.count)) {
    say_late(stage, arrival, watermark_ns, told, "one");
    told.told = told.count;
  }
}

void LossLog::say_late(const StageRuntime& stage, const LateArrival& arrival,
                       std::int64_t watermark_ns, const Told& told,
                       const std::string& record) const {
  const std::uint64_t more = told.count - told.told;
  const auto line = [&](const std::string& one) {
    return fmt::format(
        "stage '{}': {} came too late{}, {}{} of {} {} ({} so far on this executor){}",
        stage.info->name, more == 1 ? "a record" : fmt::format("{} more records", more),
        arrival.dropped ? (more == 1 ? " and was dropped" : " and were dropped") : "",
        more == 1 ? "" : "such as ", one, date_text(arrival.time_ns),
        met(arrival.time_ns, watermark_ns), told.count,
        arrival.dropped ? fmt::format("; {}", advice(*stage.info)) : "");
  };
  const PublicLine without_record(line("one"));
  log_->write(arrival.dropped ? LogLevel::warning : LogLevel::info, "{}", line(record));
}

}  // namespace wallaroo::internal
