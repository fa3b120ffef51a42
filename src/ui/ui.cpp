#include "ui/ui.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <boost/container_hash/hash.hpp>

#include "base/clock.hpp"
#include "base/public_line.hpp"
#include "metrics/process_info.hpp"
#include "run/block_signals.hpp"

namespace wallaroo::internal {

namespace {

double wall_seconds() { return static_cast<double>(SteadyClock().wall_ns()) / 1e9; }

/// Differs between two processes, and between two applications.
std::string make_plan_id(const UiSettings& settings, const std::string& explain) {
  std::size_t hash = 0;
  boost::hash_combine(hash, settings.application);
  boost::hash_combine(hash, explain);
  boost::hash_combine(hash, SteadyClock().wall_ns());
  return fmt::format("{:016x}", hash);
}

std::string worker_of(const Registry& registry) {
  for (const MetricFamily& family : registry.families()) {
    for (const MetricSeries& series : family.series) {
      for (const Label& label : series.labels) {
        if (label.name == "worker") {
          return label.value;
        }
      }
    }
  }
  return "worker1";
}

}  // namespace

Ui::Ui(UiSettings settings, const Plan& plan)
    : settings_(std::move(settings)),
      explain_(plan.explain(settings_.application)),
      plan_id_(make_plan_id(settings_, explain_)),
      log_(settings_.log_level),
      errors_(settings_.options.show_records),
      checkpoints_(wall_seconds),
      history_(make_plan_view(plan)) {}

LogCallback Ui::log_to(LogCallback next) {
  return [this, next = std::move(next)](LogLevel level, std::string_view text) {
    const std::string* const without_record = PublicLine::current();
    const bool hides = without_record != nullptr && !settings_.options.show_records;
    log_.add(level, hides ? *without_record : text, wall_seconds());
    if (next) {
      next(level, text);
    }
  };
}

RefusedCallback Ui::refused() {
  return [this](const RefusedRecord& record) { errors_.add(record, wall_seconds()); };
}

void Ui::begin_run(UiRun run) {
  {
    const std::lock_guard lock(mutex_);
    worker_ = worker_of(*run.registry);
    addresses_ = run.addresses;
    sampler_.emplace(*run.registry, history_.view());
    run_ = std::move(run);
    history_.restart();
    running_since_ = wall_seconds();
    ending_ = false;
  }
  thread_ = std::thread([this] { sample_regularly(); });
}

void Ui::end_run() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  }
  const std::lock_guard lock(mutex_);
  sampler_.reset();
  run_.reset();
}

void Ui::sample_regularly() {
  block_signals();
  constexpr std::chrono::seconds step(1);
  std::unique_lock lock(mutex_);
  auto next = std::chrono::steady_clock::now();
  while (!ending_) {
    sample();
    next = std::max(next + step, std::chrono::steady_clock::now());
    changed_.wait_until(lock, next, [this] { return ending_; });
  }
}

void Ui::sample() {
  const SteadyClock clock;
  Sample& sample = sampler_->take(clock.now_ns(), wall_seconds());
  sample.process.waited_seconds = process_waited_seconds();
  history_.add(sample);
  count_losses(sample);
}

/// Late records and broken streams have counters rather than messages.
void Ui::count_losses(const Sample& sample) {
  const PlanView& view = history_.view();
  for (std::size_t id = 0; id < view.nodes.size(); ++id) {
    double late = 0;
    double dropped = 0;
    for (const StageSample& stage : sample.stages[id]) {
      late += stage.late;
      dropped += stage.dropped;
    }
    const auto count = [&](std::string_view kind, std::string_view message, std::string_view policy,
                           double total) {
      errors_.count({view.nodes[id].name, kind, message, policy, {}, {}},
                    static_cast<std::uint64_t>(total), sample.time);
    };
    count("late", "came too late", "skip", dropped);
    count("late", "came too late and went to the stream of late records", "side output",
          late - dropped);
    count("framing", "a stream was given up because its records could not be told apart", "skip",
          sample.sources[id].framing_errors);
  }
}

VerdictFacts Ui::verdict_facts() const {
  VerdictFacts facts;
  facts.reading = run_ && run_->reading && run_->reading();
  facts.stopping = stopping_;
  facts.addresses = addresses_;
  facts.checkpoint_interval_s = settings_.checkpoint_interval_s;
  facts.last_failure = checkpoints_.last_failure();
  facts.running_since = running_since_;
  return facts;
}

RunFacts Ui::facts() const {
  return {.plan_id = plan_id_,
          .application = settings_.application,
          .version = settings_.version,
          .worker = worker_,
          .verdict = verdict_facts()};
}

}  // namespace wallaroo::internal
