#include "checkpoint/protocol/coordinator.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/check.hpp"

namespace wallaroo::internal {

void Coordinator::Answers::expect(std::size_t count) {
  have.assign(count, 0);
  missing = count;
}

/// Returns false if `from` had already answered.
bool Coordinator::Answers::add(std::size_t from) {
  check(from < have.size(), "only tasks and sinks of the application answer");
  if (have[from] != 0) {
    return false;
  }
  have[from] = 1;
  --missing;
  return true;
}

Coordinator::Coordinator(const CoordinatorConfig& config)
    : config_(config),
      next_number_(config.first_number),
      next_begin_ns_(saturating_add(config.now_ns,
                                    config.restored ? config.interval_ns / 2 : config.interval_ns)),
      failures_(config.failures),
      last_failures_(config.last_failures),
      last_delay_ns_(config.last_delay_ns) {
  check(config.tasks > 0 && config.first_number > 0, "there are tasks, and numbers begin at 1");
}

/// Returns whether the message is the one that is awaited; counts it as ignored if not.
bool Coordinator::fits(Phase phase, std::uint64_t n) {
  check(n < next_number_, "nobody answers to a checkpoint that has not begun");
  if (phase_ == phase && number_ == n) {
    return true;
  }
  ++ignored_;
  return false;
}

Decisions Coordinator::on_time(std::int64_t now_ns) {
  if (now_ns < next_wakeup_ns() || over()) {
    return {};
  }
  if (phase_ == Phase::idle) {
    return begin(now_ns);
  }
  return now_ns >= deadline_ns_ ? on_timeout(now_ns) : on_notice(now_ns);
}

Decisions Coordinator::begin(std::int64_t now_ns) {
  number_ = next_number_++;
  last_ = ending();
  phase_ = Phase::saving;
  next_begin_ns_ = saturating_add(now_ns, config_.interval_ns);
  begin_to_wait(now_ns, config_.timeout_ns);
  answers_.expect(config_.tasks);
  progress_.assign(config_.tasks, {});
  return {decide::Begin{number_, last_}};
}

Decisions Coordinator::on_timeout(std::int64_t now_ns) {
  const double seconds = static_cast<double>(config_.timeout_ns) / 1e9;
  switch (phase_) {
    case Phase::saving:
      return abandon(
          fmt::format("{} of {} tasks have not saved their state within {} s{}",
                      saving_progress().missing, saving_progress().tasks, seconds, missing_names()),
          now_ns);
    case Phase::making_durable:
      return abandon(fmt::format("saved state was not made durable within {} s", seconds), now_ns);
    case Phase::preparing:
      return roll_back_late(
          fmt::format("{} of {} sinks have not prepared checkpoint {} within {} s{}",
                      answers_.missing, config_.sinks, number_, seconds, missing_names()));
    case Phase::committing:
      return fail(fmt::format("{} of {} sinks have not committed checkpoint {} within {} s{}",
                              answers_.missing, config_.sinks, number_, seconds, missing_names()));
    default:
      return roll_back_late(
          fmt::format("checkpoint {} was not published within {} s", number_, seconds));
  }
}

Decisions Coordinator::on_task_saved(std::size_t task, std::uint64_t n) {
  check(task < config_.tasks, "only tasks of the application save");
  if (!fits(Phase::saving, n)) {
    return {};
  }
  if (!answers_.add(task)) {
    ++ignored_;
    return {};
  }
  if (answers_.missing != 0) {
    return {};
  }
  phase_ = Phase::making_durable;
  return {decide::MakeDurable{n}};
}

Decisions Coordinator::on_durable(std::uint64_t n, std::int64_t now_ns) {
  if (!fits(Phase::making_durable, n)) {
    return {};
  }
  begin_to_wait(now_ns, config_.timeout_ns);
  votes_.assign(config_.sinks, {});
  if (config_.sinks == 0) {
    return publish();
  }
  phase_ = Phase::preparing;
  answers_.expect(config_.sinks);
  return {decide::Prepare{n}};
}

Decisions Coordinator::on_write_failed(std::uint64_t n, std::string_view reason,
                                       std::int64_t now_ns) {
  if (phase_ == Phase::saving && number_ == n) {
    return abandon(reason, now_ns);
  }
  return fits(Phase::making_durable, n) ? abandon(reason, now_ns) : Decisions{};
}

Decisions Coordinator::on_prepared(std::size_t sink, std::uint64_t n, std::string vote) {
  check(sink < config_.sinks, "only sinks of the application vote");
  if (!fits(Phase::preparing, n)) {
    return {};
  }
  if (!answers_.add(sink)) {
    ++ignored_;
    return {};
  }
  votes_[sink] = std::move(vote);
  return answers_.missing == 0 ? publish() : Decisions{};
}

Decisions Coordinator::publish() {
  phase_ = Phase::publishing;
  return {decide::Publish{number_, std::exchange(votes_, {})}};
}

Decisions Coordinator::on_published(std::uint64_t n, std::int64_t now_ns) {
  if (!fits(Phase::publishing, n)) {
    return {};
  }
  failures_ = 0;
  last_failures_ = 0;
  if (config_.sinks == 0) {
    return complete();
  }
  phase_ = Phase::committing;
  const bool may_fail = last_ && all_ended_ && !stopping_;
  begin_to_wait(now_ns, may_fail ? config_.timeout_ns : end_of_time);
  answers_.expect(config_.sinks);
  return {decide::Commit{n}};
}

Decisions Coordinator::on_publish_failed(std::uint64_t n, std::string_view reason) {
  return fits(Phase::publishing, n) ? roll_back(reason) : Decisions{};
}

Decisions Coordinator::on_committed(std::size_t sink, std::uint64_t n) {
  check(sink < config_.sinks, "only sinks of the application commit");
  if (!fits(Phase::committing, n)) {
    return {};
  }
  if (!answers_.add(sink)) {
    ++ignored_;
    return {};
  }
  return answers_.missing == 0 ? complete() : Decisions{};
}

Decisions Coordinator::complete() {
  if (last_) {
    phase_ = Phase::finished;
    return {decide::Acknowledge{number_}, decide::Finished{}};
  }
  phase_ = Phase::idle;
  return {decide::Acknowledge{number_}};
}

Decisions Coordinator::on_roll_back(std::string_view reason) {
  if (over()) {
    ++ignored_;
    return {};
  }
  return roll_back(reason);
}

Decisions Coordinator::on_stop(std::int64_t now_ns) {
  stopping_ = true;
  return begin_last(now_ns);
}

Decisions Coordinator::on_all_ended(std::int64_t now_ns) {
  all_ended_ = true;
  return begin_last(now_ns);
}

Decisions Coordinator::begin_last(std::int64_t now_ns) {
  return phase_ == Phase::idle && now_ns >= next_wakeup_ns() ? begin(now_ns) : Decisions{};
}

bool Coordinator::too_many_failures() const {
  return (config_.max_failures != 0 && failures_ >= config_.max_failures) ||
         last_failures_ >= config_.last_attempts;
}

void Coordinator::delay_last(std::int64_t now_ns) {
  ++last_failures_;
  last_begin_ns_ = saturating_add(now_ns, last_delay_ns_);
  last_delay_ns_ = std::min(last_delay_ns_, end_of_time / 10) * 10;
}

Decisions Coordinator::abandon(std::string_view reason, std::int64_t now_ns) {
  phase_ = Phase::idle;
  ++failures_;
  if (last_) {
    delay_last(now_ns);
  }
  Decisions decisions{decide::Abandon{number_, std::string(reason)}};
  if (too_many_failures()) {
    Decisions failed = fail(std::string(reason));
    decisions.insert(decisions.end(), failed.begin(), failed.end());
  }
  return decisions;
}

Decisions Coordinator::roll_back(std::string_view reason) {
  ++failures_;
  if (stopping_ || too_many_failures()) {
    return fail(std::string(reason));
  }
  phase_ = Phase::rolling_back;
  return {decide::RollBack{std::string(reason)}};
}

/// Rolls back because an answer is late, which counts as a failure of a last checkpoint.
Decisions Coordinator::roll_back_late(std::string reason) {
  last_failures_ += last_ ? 1 : 0;
  return roll_back(reason);
}

Decisions Coordinator::fail(std::string reason) {
  const std::string_view what =
      phase_ == Phase::committing ? "before all sinks had committed" : "without a last checkpoint";
  phase_ = Phase::failed;
  if (ending()) {
    return {decide::Fail{fmt::format(
        "stopped {}: {}; the next start goes on from the last complete checkpoint", what, reason)}};
  }
  return {
      decide::Fail{fmt::format("{} checkpoints failed in a row, the last one: {}; the next "
                               "start goes on from the last complete checkpoint",
                               failures_, reason)}};
}

void Coordinator::begin_to_wait(std::int64_t now_ns, std::int64_t timeout_ns) {
  waits_since_ns_ = now_ns;
  deadline_ns_ = saturating_add(now_ns, timeout_ns);
  notice_ns_ = saturating_add(now_ns, config_.first_notice_ns);
}

Decisions Coordinator::on_notice(std::int64_t now_ns) {
  const std::int64_t waited_ns = now_ns - waits_since_ns_;
  notice_ns_ = saturating_add(now_ns, waited_ns);
  constexpr std::int64_t second_ns = 1'000'000'000;
  const std::string which = last_ ? "the last checkpoint" : fmt::format("checkpoint {}", number_);
  std::string text =
      fmt::format("waiting for {} {}, {} s", awaited(), which, waited_ns / second_ns);
  if (deadline_ns_ != end_of_time) {
    text += fmt::format(" of {} s", static_cast<double>(deadline_ns_ - waits_since_ns_) / 1e9);
  }
  return {decide::Waiting{number_, std::move(text)}};
}

/// "127.0.0.1:7200 of sink 'totals' to answer phase 1 of"
std::string Coordinator::awaited() const {
  std::string names = missing_names();
  const SavingProgress saving = saving_progress();
  const bool saves = phase_ == Phase::saving;
  names = names.empty() ? fmt::format("{} of {}", saves ? saving.missing : answers_.missing,
                                      saves ? saving.tasks : answers_.have.size())
                        : names.substr(2, names.size() - 3);
  switch (phase_) {
    case Phase::saving:
      return names + " to pass the barrier of";
    case Phase::making_durable:
      return "the disk to take the state of";
    case Phase::preparing:
      return names + " to answer phase 1 of";
    case Phase::publishing:
      return "the disk to take the manifest of";
    default:
      return names + " to take the commit of";
  }
}

/// Of all tasks together.
SavingProgress Coordinator::saving_progress() const {
  SavingProgress sum{0, 0, {}};
  for (std::size_t i = 0; i < progress_.size(); ++i) {
    const SavingProgress& one = progress_[i];
    sum.tasks += one.tasks;
    if (i >= answers_.have.size() || answers_.have[i] != 0) {
      continue;
    }
    sum.missing += one.missing;
    if (!one.names.empty()) {
      sum.names.insert(sum.names.end(), one.names.begin(), one.names.end());
    } else if (i < config_.task_names.size()) {
      sum.names.push_back(config_.task_names[i]);
    }
  }
  return sum;
}

/// " (A, B, C and 4 more)"; empty if there are no names.
std::string Coordinator::missing_names() const {
  constexpr std::size_t most_names = 3;
  std::vector<std::string> names;
  if (phase_ == Phase::saving) {
    names = saving_progress().names;
  } else {
    for (std::size_t i = 0; i < std::min(config_.sink_names.size(), answers_.have.size()); ++i) {
      if (answers_.have[i] == 0) {
        names.push_back(config_.sink_names[i]);
      }
    }
  }
  std::vector<std::string> missing;
  for (const std::string& name : names) {
    // A stage has a task on each executor, all of the same name; it is named once.
    if (std::find(missing.begin(), missing.end(), name) == missing.end()) {
      missing.push_back(name);
    }
  }
  if (missing.empty()) {
    return {};
  }
  const std::size_t more = missing.size() - std::min(missing.size(), most_names);
  missing.resize(missing.size() - more);
  return fmt::format(" ({}{})", fmt::join(missing, ", "),
                     more == 0 ? "" : fmt::format(" and {} more", more));
}

std::int64_t Coordinator::next_wakeup_ns() const {
  switch (phase_) {
    case Phase::idle:
      return ending() ? last_begin_ns_ : next_begin_ns_;
    case Phase::saving:
    case Phase::making_durable:
    case Phase::preparing:
    case Phase::publishing:
    case Phase::committing:
      return std::min(deadline_ns_, notice_ns_);
    default:
      return end_of_time;
  }
}

}  // namespace wallaroo::internal
