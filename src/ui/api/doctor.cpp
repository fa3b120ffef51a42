#include "ui/api/doctor.hpp"

#include <algorithm>
#include <fstream>

#include <sys/resource.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/people_numbers.hpp"
#include "ui/verdict/words.hpp"

namespace wallaroo::internal {

namespace {

using Level = Verdict::Level;
using Checks = std::vector<Check>;

constexpr double too_full = 0.8;  ///< share of memory or of descriptors

void check_verdict(Checks& checks, const VerdictInput& input) {
  const Verdict verdict = reach_verdict(input);
  checks.push_back({"bottleneck", verdict.level, verdict.text, verdict.node});
}

void check_sinks(Checks& checks, const VerdictInput& input) {
  bool all_there = true;
  for (const SinkLoad& sink : input.sinks) {
    if (sink.away_s > 0) {
      all_there = false;
      checks.push_back({"sinks", Level::error,
                        fmt::format("sink '{}' has had no connection to {} for {}: start the "
                                    "receiver, or correct --out",
                                    sink.name, sink.address, duration(sink.away_s)),
                        sink.node});
    }
  }
  if (all_there) {
    checks.push_back({"sinks", Level::ok, "all sinks have their receivers"});
  }
}

void check_inputs(Checks& checks, const History& history) {
  bool all_speak = true;
  constexpr double long_silence_s = 60;
  for (std::size_t id = 0; id < history.view().nodes.size(); ++id) {
    const ViewNode& node = history.view().nodes[id];
    const auto silent = [](float rate) { return rate == 0; };
    const double silence = node.is_source() ? seconds_of(history, history.node(id).in, silent) : 0;
    if (silence >= long_silence_s) {
      all_speak = false;
      const double connections = history.sample().sources[id].connections;
      checks.push_back(
          {"inputs", Level::warn,
           fmt::format("source '{}' has given no record for {}; it has {} connection{}", node.name,
                       duration(silence), connections, connections == 1 ? "" : "s"),
           id});
    }
  }
  if (all_speak) {
    checks.push_back({"inputs", Level::ok, "no source has been silent for a minute"});
  }
}

/// Uneven shares of the work, whether or not they hold anything back yet.
void check_skew(Checks& checks, const VerdictInput& input) {
  constexpr double much = 0.25;
  bool even = true;
  for (const StageLoad& stage : input.stages) {
    if (stage.hottest_group >= much) {
      even = false;
      checks.push_back({"skew", Level::warn,
                        fmt::format("one key group of '{}' has {:.0f} % of the records: a single "
                                    "executor must process them",
                                    stage.name, stage.hottest_group * 100),
                        stage.node});
    }
  }
  if (even) {
    checks.push_back({"skew", Level::ok, "no key has a large share of the records"});
  }
}

void check_watermarks(Checks& checks, const VerdictInput& input) {
  constexpr double too_long_s = 20;
  bool all_move = true;
  for (const StageLoad& stage : input.stages) {
    if (stage.stands_s >= too_long_s && stage.in_per_s > 0) {
      all_move = false;
      checks.push_back({"watermarks", Level::warn,
                        fmt::format("event time has stood still at '{}' for {} while records come: "
                                    "an input holds it back; give event_time an idle time-out, or "
                                    "look for the input that is silent",
                                    stage.name, duration(stage.stands_s)),
                        stage.node});
    }
  }
  if (all_move) {
    checks.push_back({"watermarks", Level::ok, "event time moves wherever records come"});
  }
}

void check_checkpoints(Checks& checks, const VerdictInput& input) {
  const CheckpointLoad& load = input.checkpoints;
  if (!load.enabled) {
    checks.push_back(
        {"checkpoints", Level::ok, "none are taken: after a crash the application begins anew"});
    return;
  }
  const bool old = load.since_last_s > std::max(10.0, 5 * load.interval_s);
  std::string text = fmt::format("the last one is {} old", duration(load.since_last_s));
  if (!load.any) {
    text = fmt::format("none has completed in the {} since the start", duration(load.since_last_s));
  }
  if (old || load.failed_lately > 0) {
    text += fmt::format(", and {} failed in the last minute", load.failed_lately);
    text += load.last_reason.empty() ? "" : fmt::format(": {}", load.last_reason);
  }
  checks.push_back({"checkpoints", old || load.failed_lately > 0 ? Level::error : Level::ok, text});
}

std::string losses_text(const std::string& stage, double errors, double dropped) {
  const std::string refused = people_records(static_cast<std::uint64_t>(errors));
  const std::string late = people_records(static_cast<std::uint64_t>(dropped));
  if (errors > 0 && dropped > 0) {
    return fmt::format("'{}' has refused {}, and dropped {} that came too late", stage, refused,
                       late);
  }
  return errors > 0 ? fmt::format("'{}' has refused {}", stage, refused)
                    : fmt::format("'{}' has dropped {} that came too late", stage, late);
}

void check_errors(Checks& checks, const History& history) {
  bool none = true;
  for (std::size_t id = 0; id < history.view().nodes.size(); ++id) {
    double errors = 0;
    double dropped = 0;
    for (const StageSample& stage : history.sample().stages[id]) {
      errors += stage.errors;
      dropped += stage.dropped;
    }
    if (errors + dropped > 0) {
      none = false;
      checks.push_back(
          {"errors", Level::warn, losses_text(history.view().nodes[id].name, errors, dropped), id});
    }
  }
  if (none) {
    checks.push_back({"errors", Level::ok, "no record was refused or dropped"});
  }
}

void check_memory(Checks& checks, const History& history, const MachineLimits& limits) {
  const double used = history.sample().process.resident_bytes;
  const bool full = limits.memory_bytes > 0 && used > too_full * limits.memory_bytes;
  checks.push_back({"memory", full ? Level::error : Level::ok,
                    limits.memory_bytes > 0 ? fmt::format("{} of {} are used", people_bytes(used),
                                                          people_bytes(limits.memory_bytes))
                                            : fmt::format("{} are used", people_bytes(used))});
}

void check_descriptors(Checks& checks, const History& history, const MachineLimits& limits) {
  const double used = history.sample().process.open_descriptors;
  const bool full = limits.descriptors > 0 && used > too_full * limits.descriptors;
  checks.push_back({"descriptors", full ? Level::error : Level::ok,
                    fmt::format("{} open files and sockets{}{}", used,
                                limits.descriptors > 0 ? fmt::format(" of {}", limits.descriptors)
                                                       : std::string(),
                                full ? ": raise the limit with ulimit -n" : "")});
}

void check_processors(Checks& checks, const VerdictInput& input) {
  const double share = starved_share(input.processors);
  checks.push_back(
      {"processors", share > 0 ? Level::warn : Level::ok,
       share > 0 ? fmt::format("threads that could run wait {} of that time for a processor: stop "
                               "other programs on this machine, or use fewer --threads",
                               percent(share))
                 : std::string("threads that can run get a processor")});
}

double number_in(const char* path) {
  std::ifstream file(path);
  double number = 0;
  file >> number;
  return file ? number : 0;
}

}  // namespace

MachineLimits machine_limits() {
  MachineLimits limits;
  limits.memory_bytes =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  if (const double group = number_in("/sys/fs/cgroup/memory.max"); group > 0) {
    limits.memory_bytes = std::min(limits.memory_bytes, group);
  }
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur != RLIM_INFINITY) {
    limits.descriptors = static_cast<double>(files.rlim_cur);
  }
  return limits;
}

std::vector<Check> examine(const History& history, const VerdictInput& input,
                           const MachineLimits& limits) {
  Checks checks;
  check_verdict(checks, input);
  if (!input.sampled) {
    return checks;
  }
  check_sinks(checks, input);
  check_inputs(checks, history);
  check_skew(checks, input);
  check_watermarks(checks, input);
  check_checkpoints(checks, input);
  check_errors(checks, history);
  check_processors(checks, input);
  check_memory(checks, history, limits);
  check_descriptors(checks, history, limits);
  return checks;
}

std::string render_doctor(const History& history, const RunFacts& facts,
                          const MachineLimits& limits) {
  JsonText json = begin_document(facts.plan_id);
  json.member("application", facts.application).member("time", history.sample().time);
  json.key("checks").begin_array();
  for (const Check& check : examine(history, look_at(history, facts.verdict), limits)) {
    json.begin_object().member("worker", facts.worker).member("check", check.name);
    json.member("level", name_of(check.level)).member("text", check.text);
    if (check.node) {
      json.member("node", *check.node);
    }
    json.end_object();
  }
  return json.end_array().end_object().take();
}

}  // namespace wallaroo::internal
