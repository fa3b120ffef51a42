#include "checkpoint/observed.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <stdexcept>
#include <string_view>

#include <fmt/format.h>

#include "ours/fold.hpp"

namespace wallaroo::bench {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// Reads a line of /proc/self/status, whose unit is KiB.
std::size_t status_bytes(std::string_view name) {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with(name) && line.substr(name.size(), 1) == ":") {
      return std::stoull(line.substr(name.size() + 1)) * 1024;
    }
  }
  throw std::runtime_error(fmt::format("/proc/self/status has no {}", name));
}

void set_peak_back() {
  std::ofstream file("/proc/self/clear_refs");
  file << "5" << std::flush;
  if (!file) {
    throw std::runtime_error("cannot set the peak of resident memory back (/proc/self/clear_refs)");
  }
}

}  // namespace

void CheckpointWatch::hear(LogLevel level, std::string_view text) {
  if (level >= LogLevel::warning) {
    fmt::print(stderr, "{}\n", text);
  }
  if (!text.starts_with("checkpoint ")) {
    return;
  }
  const std::lock_guard lock(mutex_);
  if (text.ends_with(": begins")) {
    running_ = {};
    if (memory_) {
      set_peak_back();
      running_.rss_bytes = status_bytes("VmRSS");
    }
    began_ = Clock::now();
  } else if (text.find(": complete") != std::string_view::npos) {
    running_.seconds = seconds_since(began_);
    if (memory_) {
      running_.peak_bytes = status_bytes("VmHWM");
    }
    completed_.push_back(running_);
  }
}

Parameters with_checkpoints(Parameters defaults) {
  defaults.texts["checkpoint-dir"] = "";
  defaults.numbers["interval-ms"] = 1'000;
  return defaults;
}

CheckpointOptions checkpoint_options(const Parameters& parameters) {
  return {.directory = parameters.texts.at("checkpoint-dir"),
          .interval = std::chrono::milliseconds(parameters.numbers.at("interval-ms"))};
}

double checkpointed_run(const Application& application, const Parameters& parameters,
                        std::map<std::string, double>& figures) {
  CheckpointWatch watch;
  EngineOptions options = options_for(parameters.threads);
  options.checkpoints = checkpoint_options(parameters);
  if (!options.checkpoints.directory.empty()) {
    options.log_level = LogLevel::debug;
    options.log = watch.callback();
  }
  const double seconds = timed_run(application, options, figures);
  if (options.checkpoints.directory.empty()) {
    return seconds;
  }
  std::vector<double> durations;
  for (const Observed& one : watch.completed()) {
    durations.push_back(one.seconds * 1e3);
  }
  const double intervals =
      std::floor(seconds / std::chrono::duration<double>(options.checkpoints.interval).count());
  if (static_cast<double>(durations.size()) < std::max(1.0, intervals)) {
    throw Error(fmt::format("{} checkpoints completed in {:.1f} s, in which {} were due",
                            durations.size(), seconds, intervals));
  }
  figures["checkpoints"] = static_cast<double>(durations.size());
  figures["checkpoint_ms"] = median_of(durations);
  return seconds;
}

double median_of(std::vector<double> values) {
  if (values.empty()) {
    throw std::runtime_error("nothing was measured, so there is no median");
  }
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace wallaroo::bench
