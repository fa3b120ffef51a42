#include "run/checkpoints/checkpoint_leader.hpp"

#include <utility>

#include "base/failpoint.hpp"

namespace wallaroo::internal {

void CheckpointLeader::prepare_for(LeaderPlan plan, CheckpointerCallbacks callbacks) {
  plan_ = std::move(plan);
  callbacks_ = std::move(callbacks);
}

void CheckpointLeader::open(CheckpointStore& store, std::unique_ptr<CheckpointNumbers> numbers,
                            std::optional<Manifest> previous, FailedCheckpoints failures) {
  store_ = &store;
  numbers_ = std::move(numbers);
  const bool restored = previous.has_value();
  // Other key groups cannot be referred to, so the first checkpoint saves all.
  const bool same_groups = restored && previous->key_groups == key_group_count;
  previous_ = same_groups ? std::move(previous) : std::nullopt;
  previous_is_ours_ = false;
  failures_ = failures.in_row;
  last_failures_ = failures.last;
  CoordinatorConfig config;
  config.tasks = plan_.workers.size();
  config.sinks = plan_.sinks.size();
  config.interval_ns = settings_.interval_ns;
  config.timeout_ns = settings_.timeout_ns;
  config.max_failures = settings_.max_failures;
  config.first_number = numbers_->next();
  config.failures = failures.in_row;
  config.last_failures = failures.last;
  for (const ManifestMember& member : plan_.members) {
    config.task_names.push_back("worker '" + member.worker + "'");
  }
  config.sink_names = plan_.sink_names;
  config.now_ns = clock_.now_ns();
  config.restored = restored;
  coordinator_.emplace(config);
}

std::int64_t CheckpointLeader::due_ns() const {
  return coordinator_->over() ? end_of_time : coordinator_->next_wakeup_ns();
}

void CheckpointLeader::on_time() {
  // What is late is named.
  if (coordinator_->phase() == Coordinator::Phase::saving) {
    for (std::size_t member = 0; member < plan_.workers.size(); ++member) {
      coordinator_->on_progress(member, plan_.workers[member]->progress());
    }
  }
  carry_out(coordinator_->on_time(clock_.now_ns()));
}

// What workers report.

void CheckpointLeader::member_saved(std::size_t member, std::uint64_t number, MemberSaved saved) {
  if (!drafting(number)) {
    return;
  }
  Manifest& manifest = draft_.manifest;
  manifest.instances.insert(manifest.instances.end(),
                            std::make_move_iterator(saved.instances.begin()),
                            std::make_move_iterator(saved.instances.end()));
  for (std::size_t i = 0; i < manifest.sources.size(); ++i) {
    ManifestSource& source = manifest.sources[i];
    const ManifestSource& part = saved.sources.at(i);
    source.ended = source.ended && part.ended;
    source.positions.insert(source.positions.end(), part.positions.begin(), part.positions.end());
  }
  for (const auto& [place, groups] : saved.groups) {
    draft_.saved[place] |= groups;
  }
  draft_.state.add(saved.state);
  draft_.written_bytes += saved.state.file.bytes;
  carry_out(coordinator_->on_task_saved(member, number));
}

void CheckpointLeader::member_failed(std::uint64_t number, std::string reason) {
  carry_out(coordinator_->on_write_failed(number, reason, clock_.now_ns()));
}

void CheckpointLeader::sink_prepared(std::uint64_t number, std::size_t sink, std::string vote) {
  carry_out(coordinator_->on_prepared(sink, number, std::move(vote)));
}

void CheckpointLeader::sink_committed(std::uint64_t number, std::size_t sink) {
  carry_out(coordinator_->on_committed(sink, number));
}

void CheckpointLeader::roll_back(std::string reason) {
  carry_out(coordinator_->on_roll_back(reason));
}

void CheckpointLeader::member_quiet(std::size_t) {
  if (++quiet_members_ == plan_.workers.size()) {
    carry_out(coordinator_->on_all_ended(clock_.now_ns()));
  }
}

}  // namespace wallaroo::internal
