#include "run/run_totals.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/date_text.hpp"
#include "base/people_numbers.hpp"

namespace wallaroo::internal {

namespace {

std::string moved(const char* kind, const std::string& name, std::uint64_t records,
                  std::uint64_t bytes, double seconds) {
  const double rate = seconds > 0 ? static_cast<double>(records) / seconds : 0;
  // Generators and callbacks count no bytes.
  return fmt::format(
      "{} '{}' {} ({}/s{})", kind, name, people_records(records), people_count(rate),
      bytes == 0 ? "" : fmt::format(", {}", people_bytes(static_cast<double>(bytes))));
}

std::string counted(std::uint64_t count, const char* noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

const char* was(std::uint64_t count) { return count == 1 ? "was" : "were"; }

std::string of_all(std::uint64_t part, std::uint64_t all) {
  return fmt::format("{} of {}", part, counted(all, "record"));
}

LossLine late_line(const RunTotals::Stage& stage) {
  const std::string text =
      fmt::format("stage '{}': {} came too late", stage.name, of_all(stage.late, stage.records_in));
  if (stage.dropped == 0) {
    return {true, text + ", and went where its policy for late records says"};
  }
  return {false,
          stage.dropped == stage.late
              ? fmt::format("{} and {} dropped", text, was(stage.late))
              : fmt::format("{}, of which {} {} dropped", text, stage.dropped, was(stage.dropped))};
}

LossLine failed_line(const RunTotals::Stage& stage) {
  const char* const what = stage.kind == StageKind::event_time ? "had no good time" : "failed";
  return {false,
          fmt::format("stage '{}': {} {} and {} {}", stage.name,
                      of_all(stage.failed, stage.records_in), what, was(stage.failed),
                      stage.on_error == OnError::skip ? "skipped" : "sent to the dead letters")};
}

}  // namespace

void RunTotals::add(const RunTotals& earlier) {
  sources.resize(std::max(sources.size(), earlier.sources.size()));
  for (std::size_t i = 0; i < earlier.sources.size(); ++i) {
    Source& sum = sources[i];
    const Source& before = earlier.sources[i];
    sum.name = before.name;
    sum.records += before.records;
    sum.bytes += before.bytes;
    sum.bad_records += before.bad_records;
    sum.framing_errors += before.framing_errors;
  }
  sinks.resize(std::max(sinks.size(), earlier.sinks.size()));
  for (std::size_t i = 0; i < earlier.sinks.size(); ++i) {
    Sink& sum = sinks[i];
    const Sink& before = earlier.sinks[i];
    sum.name = before.name;
    sum.records += before.records;
    sum.bytes += before.bytes;
    sum.lost += before.lost;
  }
  stages.resize(std::max(stages.size(), earlier.stages.size()));
  for (std::size_t i = 0; i < earlier.stages.size(); ++i) {
    Stage& sum = stages[i];
    const Stage& before = earlier.stages[i];
    sum.name = before.name;
    sum.kind = before.kind;
    sum.on_error = before.on_error;
    sum.records_in += before.records_in;
    sum.late += before.late;
    sum.dropped += before.dropped;
    sum.failed += before.failed;
  }
  checkpoints = std::max(checkpoints, earlier.checkpoints);
  checkpoints_failed = std::max(checkpoints_failed, earlier.checkpoints_failed);
  roll_backs += earlier.roll_backs;
}

void RunTotals::add_sinks_without_writers() {
  for (const Stage& stage : stages) {
    const bool counted = std::any_of(sinks.begin(), sinks.end(),
                                     [&](const Sink& sink) { return sink.name == stage.name; });
    if (stage.kind == StageKind::sink && !counted) {
      sinks.push_back({.name = stage.name, .records = stage.records_in});
    }
  }
}

std::string totals_line(const RunTotals& totals, double seconds) {
  std::vector<std::string> parts;
  for (const RunTotals::Source& source : totals.sources) {
    parts.push_back(moved("source", source.name, source.records, source.bytes, seconds));
  }
  for (const RunTotals::Sink& sink : totals.sinks) {
    parts.push_back(moved("sink", sink.name, sink.records, sink.bytes, seconds));
  }
  if (totals.checkpoints + totals.checkpoints_failed != 0) {
    parts.push_back(counted(totals.checkpoints, "checkpoint"));
  }
  if (totals.checkpoints_failed != 0) {
    parts.push_back(fmt::format("{} failed", totals.checkpoints_failed));
  }
  if (totals.roll_backs != 0) {
    parts.push_back(counted(totals.roll_backs, "roll back"));
  }
  return fmt::format("in {}: {}", duration_text(static_cast<std::int64_t>(seconds * 1e9)),
                     fmt::join(parts, "; "));
}

std::vector<LossLine> loss_lines(const RunTotals& totals) {
  std::vector<LossLine> lines;
  for (const RunTotals::Source& source : totals.sources) {
    if (source.bad_records != 0) {
      lines.push_back(
          {false, fmt::format("source '{}': {} of {} {} bad (refused by the decoder, "
                              "or cut off by the end of their stream)",
                              source.name, source.bad_records, counted(source.records, "record"),
                              was(source.bad_records))});
    }
    if (source.framing_errors != 0) {
      lines.push_back({false, fmt::format("source '{}': {} {} given up, as records could not be "
                                          "told apart",
                                          source.name, counted(source.framing_errors, "stream"),
                                          was(source.framing_errors))});
    }
  }
  for (const RunTotals::Stage& stage : totals.stages) {
    // Failures of a decoder are counted by its source. One under the policy `stop` is the outcome.
    if (stage.failed != 0 && stage.kind != StageKind::source && stage.on_error != OnError::stop) {
      lines.push_back(failed_line(stage));
    }
    if (stage.late != 0) {
      lines.push_back(late_line(stage));
    }
  }
  for (const RunTotals::Sink& sink : totals.sinks) {
    if (sink.lost != 0) {
      lines.push_back(
          {false, fmt::format("sink '{}': {} {} given up while the application was "
                              "stopping",
                              sink.name, counted(sink.lost, "record"), was(sink.lost))});
    }
  }
  return lines;
}

}  // namespace wallaroo::internal
