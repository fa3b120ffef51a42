// How the leader carries out the coordinator's decisions.
#include <deque>
#include <variant>

#include <wallaroo/types/error.hpp>

#include "base/failpoint.hpp"
#include "checkpoint/store/manifest_file.hpp"
#include "run/checkpoints/checkpoint_leader.hpp"
#include "run/with_failpoint.hpp"

namespace wallaroo::internal {

namespace {

constexpr FailpointGroup points("checkpoint");
constexpr const char* fenced =
    "a newer generation of workers has taken over the checkpoints of this one";

/// When a smaller share than this of an older data file is still referred to, those groups are
/// saved again, so that the file can be removed.
constexpr double sparse_fraction = 0.5;

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

/// All groups: the first checkpoint in a directory has no predecessor whose files it could refer
/// to.
RewriteGroups everywhere(const std::vector<ManifestStage>& stages) {
  std::vector<PartGroup> places;
  for (std::uint32_t stage = 0; stage < stages.size(); ++stage) {
    for (std::uint16_t part = 0; part < stages[stage].parts.size(); ++part) {
      for (std::uint16_t group = 0; group < key_group_count; ++group) {
        places.push_back({stage, part, group});
      }
    }
  }
  return std::make_shared<const std::vector<PartGroup>>(std::move(places));
}

}  // namespace

void CheckpointLeader::carry_out(Decisions decisions) {
  std::deque<Decision> open(decisions.begin(), decisions.end());
  while (!open.empty()) {
    const Decision decision = std::move(open.front());
    open.pop_front();
    for (Decision& next : carry_out(decision)) {
      open.push_back(std::move(next));
    }
  }
  failures_ = coordinator_->failures_in_row();
  last_failures_ = coordinator_->last_failures();
}

Decisions CheckpointLeader::carry_out(const Decision& decision) {
  return std::visit(Overloaded{
                        [&](const decide::Begin& d) { return begin(d); },
                        [&](const decide::MakeDurable& d) { return carry_over_unchanged(d.n); },
                        [&](const decide::Prepare& d) { return prepare_sinks(d.n); },
                        [&](const decide::Publish& d) { return publish(d); },
                        [&](const decide::Commit& d) { return commit_sinks(d.n); },
                        [&](const decide::Acknowledge& d) {
                          acknowledge(d.n);
                          return Decisions{};
                        },
                        [&](const decide::Waiting& d) {
                          log_.warning("{}", d.text);
                          return Decisions{};
                        },
                        [&](const decide::Abandon& d) { return abandon(d); },
                        [&](const decide::RollBack& d) {
                          metrics_.failed.add();
                          tell_failed("rolled back", d.reason);
                          callbacks_.roll_back(d.reason);
                          return Decisions{};
                        },
                        [&](const decide::Fail& d) {
                          tell_failed("failed", d.reason);
                          callbacks_.failed(d.reason);
                          return Decisions{};
                        },
                        [&](const decide::Finished&) {
                          callbacks_.finished();
                          return Decisions{};
                        },
                    },
                    decision);
}

Decisions CheckpointLeader::begin(const decide::Begin& begin) {
  draft_ = {};
  draft_.started_ns = clock_.now_ns();
  if (observer_ != nullptr) {
    observer_->began(begin.n);
  }
  Manifest& manifest = draft_.manifest;
  manifest.number = begin.n;
  manifest.application = plan_.application;
  manifest.engine_version = plan_.engine_version;
  manifest.started_wall_ns = clock_.wall_ns();
  manifest.executors = plan_.executors;
  manifest.key_groups = key_group_count;
  const Assignment::Owners& owners = plan_.assignment->owners();
  manifest.owners.assign(owners.begin(), owners.end());
  manifest.generation = plan_.generation;
  manifest.members = plan_.members;
  manifest.writer = store_->writer();
  manifest.stages = plan_.stages;
  for (const std::string& source : plan_.sources) {
    manifest.sources.push_back({source, {}, true});
  }
  CheckpointBegin wanted{begin.n, begin.last, {}};
  try {
    wanted.rewrite = rewritten();
  } catch (const Error& error) {
    return coordinator_->on_write_failed(begin.n, error.what(), clock_.now_ns());
  }
  log_.debug("checkpoint {}: begins", begin.n);
  for (CheckpointMember* const worker : plan_.workers) {
    worker->begin(wanted);
  }
  return {};
}

RewriteGroups CheckpointLeader::rewritten() const {
  if (!previous_) {
    return everywhere(plan_.stages);
  }
  return previous_is_ours_ ? std::make_shared<const std::vector<PartGroup>>(
                                 store_->sparse(*previous_, sparse_fraction))
                           : nullptr;
}

/// All workers have saved, and their files are durable.
Decisions CheckpointLeader::carry_over_unchanged(std::uint64_t number) {
  if (previous_) {
    std::map<std::pair<std::string_view, std::string_view>, KeyGroups> saved;
    for (const auto& [place, groups] : draft_.saved) {
      const ManifestStage& stage = plan_.stages[place.first];
      saved[{stage.name, stage.parts[place.second].name}] = groups;
    }
    draft_.state.carry_over(
        *previous_, [&](std::string_view stage, std::string_view part, std::uint16_t group) {
          const auto found = saved.find({stage, part});
          return found == saved.end() || !found->second[group];
        });
  }
  return coordinator_->on_durable(number, clock_.now_ns());
}

void CheckpointLeader::enter(std::uint64_t number, std::string_view phase) {
  if (observer_ != nullptr) {
    observer_->entered(number, phase);
  }
}

void CheckpointLeader::tell_failed(std::string_view outcome, const std::string& reason) {
  if (observer_ != nullptr) {
    observer_->failed(coordinator_->number(), outcome, reason);
  }
}

Decisions CheckpointLeader::prepare_sinks(std::uint64_t number) {
  enter(number, "vote");
  try {
    with_failpoint(points, "prepare", [&] {
      for (CheckpointMember* const worker : plan_.workers) {
        worker->prepare(number);
      }
    });
  } catch (const Error& error) {
    return coordinator_->on_roll_back(error.what());
  }
  return {};
}

Decisions CheckpointLeader::commit_sinks(std::uint64_t number) {
  enter(number, "commit");
  try {
    with_failpoint(points, "commit", [&] {
      for (CheckpointMember* const worker : plan_.workers) {
        worker->commit(number);
      }
    });
  } catch (const Error& error) {
    return coordinator_->on_roll_back(error.what());
  }
  return {};
}

Decisions CheckpointLeader::publish(const decide::Publish& publish) {
  enter(publish.n, "publish");
  Manifest& manifest = draft_.manifest;
  for (std::size_t sink = 0; sink < plan_.sinks.size(); ++sink) {
    manifest.sinks.push_back({plan_.sinks[sink], publish.votes[sink]});
  }
  const std::int64_t now_ns = clock_.now_ns();
  manifest.duration_ns = now_ns - draft_.started_ns;
  manifest.clock_ns = now_ns + plan_.wall_offset_ns;
  bool published = false;
  try {
    with_failpoint(points, "manifest", [&] {
      Manifest complete = draft_.state.complete(std::move(manifest));
      manifest.number = 0;
      published = numbers_->publish(publish.n, encode_manifest(complete));
      if (published) {
        previous_ = std::move(complete);
        previous_is_ours_ = true;
      }
    });
  } catch (const Error& error) {
    return coordinator_->on_publish_failed(publish.n, error.what());
  }
  if (!published) {
    return coordinator_->on_publish_failed(publish.n, fenced);
  }
  metrics_.bytes.add(draft_.written_bytes);
  return coordinator_->on_published(publish.n, clock_.now_ns());
}

void CheckpointLeader::acknowledge(std::uint64_t number) {
  const std::int64_t took_ns = clock_.now_ns() - draft_.started_ns;
  if (observer_ != nullptr && previous_) {
    observer_->completed(*previous_, draft_.written_bytes);
  }
  metrics_.completed.add();
  metrics_.last_number.set(static_cast<std::int64_t>(number));
  metrics_.last_wall_ns.set(clock_.wall_ns());
  metrics_.last_duration_ns.set(took_ns);
  metrics_.durations.record(took_ns, 1);
  log_.debug("checkpoint {}: complete after {} ms", number, took_ns / 1'000'000);
  try {
    with_failpoint(points, "ack", [&] {
      for (CheckpointMember* const worker : plan_.workers) {
        worker->complete(number);
      }
    });
    store_->prune(settings_.retain);
  } catch (const Error& error) {
    log_.warning("old checkpoints were not removed: {}", error.what());
  }
  draft_ = {};
}

Decisions CheckpointLeader::abandon(const decide::Abandon& abandon) {
  metrics_.failed.add();
  tell_failed("failed", abandon.reason);
  log_.warning("checkpoint {} failed: {}", abandon.n, abandon.reason);
  draft_ = {};
  for (CheckpointMember* const worker : plan_.workers) {
    worker->abandon(abandon.n);
  }
  try {
    if (numbers_->give_up(abandon.n, abandon.reason)) {
      return {};
    }
    return coordinator_->on_roll_back(fenced);
  } catch (const Error& error) {
    // Where a number cannot be made void, no checkpoint with a higher one may begin.
    return coordinator_->on_roll_back(error.what());
  }
}

}  // namespace wallaroo::internal
