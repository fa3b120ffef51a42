#include "ui/journal/checkpoint_journal.hpp"

#include <algorithm>

#include "checkpoint/store/manifest_totals.hpp"
#include "ui/json/json_text.hpp"

namespace wallaroo::internal {

CheckpointJournal::Checkpoint* CheckpointJournal::running(std::uint64_t number) {
  const bool known = !checkpoints_.empty() && checkpoints_.back().number == number &&
                     checkpoints_.back().ended == 0;
  return known ? &checkpoints_.back() : nullptr;
}

void CheckpointJournal::began(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  Checkpoint& checkpoint = checkpoints_.emplace_back();
  checkpoint.number = number;
  checkpoint.began = time_();
  checkpoint.phases.emplace_back("save", checkpoint.began);
  if (checkpoints_.size() > most_kept) {
    checkpoints_.pop_front();
  }
}

void CheckpointJournal::met_barrier(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  if (Checkpoint* const checkpoint = running(number)) {
    checkpoint->aligned = time_();
  }
}

void CheckpointJournal::entered(std::uint64_t number, std::string_view phase) {
  const std::lock_guard lock(mutex_);
  if (Checkpoint* const checkpoint = running(number)) {
    checkpoint->phases.emplace_back(phase, time_());
  }
}

std::vector<CheckpointJournal::Stage> CheckpointJournal::stages_of(const Manifest& manifest) {
  std::vector<Stage> stages;
  for (const PartTotals& part : part_totals(manifest)) {
    if (stages.empty() || stages.back().name != part.stage) {
      stages.push_back({part.stage});
    }
    // Other parts, such as timers, are about the same keys.
    stages.back().keys = std::max(stages.back().keys, part.keys);
    stages.back().bytes += part.bytes;
  }
  return stages;
}

void CheckpointJournal::completed(const Manifest& manifest, std::uint64_t bytes) {
  std::vector<Stage> stages = stages_of(manifest);
  const std::lock_guard lock(mutex_);
  if (Checkpoint* const checkpoint = running(manifest.number)) {
    checkpoint->outcome = "complete";
    checkpoint->ended = time_();
    checkpoint->bytes = bytes;
    checkpoint->stages = std::move(stages);
  }
}

void CheckpointJournal::failed(std::uint64_t number, std::string_view outcome,
                               const std::string& reason) {
  const std::lock_guard lock(mutex_);
  roll_backs_ += outcome == "rolled back" ? 1U : 0U;
  if (Checkpoint* const checkpoint = running(number)) {
    checkpoint->outcome = outcome;
    checkpoint->reason = reason;
    checkpoint->ended = time_();
  }
}

std::string CheckpointJournal::last_failure() const {
  const std::lock_guard lock(mutex_);
  for (auto checkpoint = checkpoints_.rbegin(); checkpoint != checkpoints_.rend(); ++checkpoint) {
    if (checkpoint->ended > 0) {
      return checkpoint->reason;
    }
  }
  return {};
}

std::string CheckpointJournal::render(const CheckpointFacts& facts) const {
  const std::lock_guard lock(mutex_);
  const double now = time_();
  JsonText json = begin_document(facts.plan_id);
  json.member("enabled", facts.enabled);
  if (facts.enabled) {
    json.member("directory", facts.directory);
    json.member("interval_seconds", facts.interval_seconds);
    json.member("timeout_seconds", facts.timeout_seconds);
  }
  json.key("age_seconds");
  facts.last_completed > 0 ? json.value(now - facts.last_completed) : json.null();
  json.member("completed", facts.completed).member("failed", facts.failed);
  json.member("roll_backs", roll_backs_).key("checkpoints").begin_array();
  for (auto one = checkpoints_.rbegin(); one != checkpoints_.rend(); ++one) {
    const double end = one->ended > 0 ? one->ended : now;
    json.begin_object().member("worker", facts.worker).member("number", one->number);
    json.member("began", one->began).member("outcome", one->outcome);
    if (!one->reason.empty()) {
      json.member("reason", one->reason);
    }
    json.member("bytes", one->bytes).member("seconds", end - one->began);
    json.key("phases").begin_object();
    if (one->aligned > 0) {
      json.member("align", one->aligned - one->began);
    }
    for (std::size_t i = 0; i < one->phases.size(); ++i) {
      const double until = i + 1 < one->phases.size() ? one->phases[i + 1].second : end;
      json.member(one->phases[i].first, until - one->phases[i].second);
    }
    json.end_object().key("stages").begin_array();
    for (const Stage& stage : one->stages) {
      json.begin_object().member("name", stage.name).member("keys", stage.keys);
      json.member("bytes", stage.bytes).end_object();
    }
    json.end_array().end_object();
  }
  return json.end_array().end_object().take();
}

}  // namespace wallaroo::internal
