// How the checkpointer carries out the coordinator's decisions.
#include <algorithm>
#include <variant>

#include <wallaroo/types/error.hpp>

#include "base/failpoint.hpp"
#include "run/checkpoints/checkpointer.hpp"
#include "run/task/task.hpp"
#include "run/with_failpoint.hpp"

namespace wallaroo::internal {

namespace {

constexpr FailpointGroup points("checkpoint");

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

void Checkpointer::carry_out(Decisions decisions) {
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

Decisions Checkpointer::carry_out(const Decision& decision) {
  return std::visit(Overloaded{
                        [&](const decide::Begin& d) { return begin(d); },
                        [&](const decide::MakeDurable& d) { return make_durable(d.n); },
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
                        [&](const decide::Abandon& d) {
                          abandon(d);
                          return Decisions{};
                        },
                        [&](const decide::RollBack& d) {
                          metrics_.failed.add();
                          if (observer_ != nullptr) {
                            observer_->failed(coordinator_->number(), "rolled back", d.reason);
                          }
                          callbacks_.roll_back(d.reason);
                          return Decisions{};
                        },
                        [&](const decide::Fail& d) {
                          if (observer_ != nullptr) {
                            observer_->failed(coordinator_->number(), "failed", d.reason);
                          }
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

Decisions Checkpointer::begin(const decide::Begin& begin) {
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
  manifest.executors = static_cast<std::uint32_t>(plan_.executors.size());
  manifest.key_groups = key_group_count;
  const Assignment::Owners& owners = plan_.assignment->owners();
  manifest.owners.assign(owners.begin(), owners.end());
  manifest.stages = plan_.stages;
  for (const std::string& source : plan_.sources) {
    manifest.sources.push_back({source, {}, true});
  }
  CheckpointBegin wanted{begin.n, begin.last, {}};
  try {
    draft_.writer = std::make_unique<CheckpointWriter>(store_->begin(begin.n));
    if (!previous_) {
      wanted.rewrite = everywhere(plan_.stages);
    } else if (previous_is_ours_) {
      wanted.rewrite = std::make_shared<const std::vector<PartGroup>>(
          store_->sparse(*previous_, sparse_fraction));
    }
    log_.debug("checkpoint {}: begins", begin.n);
    with_failpoint(points, "begin",
                   [&] { tell_tasks([wanted](Task& task) { task.begin_checkpoint(wanted); }); });
  } catch (const Error& error) {
    return coordinator_->on_write_failed(begin.n, error.what(), clock_.now_ns());
  }
  return {};
}

// A group without entries is noted as saved and not written: a group that is not in the manifest is
// empty.
Decisions Checkpointer::write(std::uint64_t number, StateBlock& block) {
  if (!drafting(number)) {
    return {};
  }
  for (const ManifestSection& section : block.sections) {
    draft_.saved[{section.stage, section.part}].set(section.group);
  }
  std::erase_if(block.sections,
                [](const ManifestSection& section) { return section.entries == 0; });
  if (block.sections.empty()) {
    return {};
  }
  try {
    draft_.writer->append(block);
    // An executor that shares the core waits for no more than one block.
    std::this_thread::yield();
  } catch (const Error& error) {
    return coordinator_->on_write_failed(number, error.what(), clock_.now_ns());
  }
  return {};
}

void Checkpointer::carry_over_unchanged() {
  if (!previous_) {
    return;
  }
  std::map<std::pair<std::string_view, std::string_view>, KeyGroups> saved;
  for (const auto& [place, groups] : draft_.saved) {
    const ManifestStage& stage = plan_.stages[place.first];
    saved[{stage.name, stage.parts[place.second].name}] = groups;
  }
  draft_.writer->carry_over(
      *previous_, [&](std::string_view stage, std::string_view part, std::uint16_t group) {
        const auto found = saved.find({stage, part});
        return found == saved.end() || !found->second[group];
      });
}

void Checkpointer::enter(std::uint64_t number, std::string_view phase) {
  if (observer_ != nullptr) {
    observer_->entered(number, phase);
  }
}

Decisions Checkpointer::make_durable(std::uint64_t number) {
  enter(number, "durable");
  if (mutation("ack_before_complete")) {
    tell_tasks([number](Task& task) { task.complete_checkpoint(number); });
  }
  try {
    with_failpoint(points, "saved", [&] {
      carry_over_unchanged();
      draft_.writer->durable();
    });
  } catch (const Error& error) {
    return coordinator_->on_write_failed(number, error.what(), clock_.now_ns());
  }
  return coordinator_->on_durable(number, clock_.now_ns());
}

Decisions Checkpointer::prepare_sinks(std::uint64_t number) {
  enter(number, "vote");
  try {
    with_failpoint(points, "prepare",
                   [&] { tell_sinks([number](Task& task) { task.prepare_sink(number); }); });
  } catch (const Error& error) {
    return coordinator_->on_roll_back(error.what());
  }
  return {};
}

Decisions Checkpointer::commit_sinks(std::uint64_t number) {
  enter(number, "commit");
  try {
    with_failpoint(points, "commit",
                   [&] { tell_sinks([number](Task& task) { task.commit_sink(number); }); });
  } catch (const Error& error) {
    return coordinator_->on_roll_back(error.what());
  }
  return {};
}

Decisions Checkpointer::publish(const decide::Publish& publish) {
  enter(publish.n, "publish");
  Manifest& manifest = draft_.manifest;
  for (std::size_t sink = 0; sink < plan_.sinks.size(); ++sink) {
    manifest.sinks.push_back({plan_.sinks[sink], publish.votes[sink]});
  }
  const std::int64_t now_ns = clock_.now_ns();
  manifest.duration_ns = now_ns - draft_.started_ns;
  manifest.clock_ns = now_ns + plan_.wall_offset_ns;
  try {
    with_failpoint(points, "manifest", [&] {
      previous_ = draft_.writer->publish(std::move(manifest));
      previous_is_ours_ = true;
    });
    metrics_.bytes.add(draft_.writer->written_bytes());
  } catch (const Error& error) {
    return coordinator_->on_publish_failed(publish.n, error.what());
  }
  return coordinator_->on_published(publish.n, clock_.now_ns());
}

void Checkpointer::acknowledge(std::uint64_t number) {
  const std::int64_t took_ns = clock_.now_ns() - draft_.started_ns;
  if (observer_ != nullptr && previous_ && draft_.writer != nullptr) {
    observer_->completed(*previous_, draft_.writer->written_bytes());
  }
  draft_.writer.reset();
  metrics_.completed.add();
  metrics_.last_number.set(static_cast<std::int64_t>(number));
  metrics_.last_wall_ns.set(clock_.wall_ns());
  metrics_.last_duration_ns.set(took_ns);
  metrics_.durations.record(took_ns, 1);
  log_.debug("checkpoint {}: complete after {} ms", number, took_ns / 1'000'000);
  try {
    with_failpoint(points, "ack",
                   [&] { tell_tasks([number](Task& task) { task.complete_checkpoint(number); }); });
    store_->prune(settings_.retain);
  } catch (const Error& error) {
    log_.warning("old checkpoints were not removed: {}", error.what());
  }
}

void Checkpointer::abandon(const decide::Abandon& abandon) {
  metrics_.failed.add();
  if (observer_ != nullptr) {
    observer_->failed(abandon.n, "failed", abandon.reason);
  }
  log_.warning("checkpoint {} failed: {}", abandon.n, abandon.reason);
  if (draft_.writer) {
    draft_.writer->abandon();
    draft_.writer.reset();
  }
  tell_tasks([n = abandon.n](Task& task) { task.abandon_checkpoint(n); });
}

void Checkpointer::tell_tasks(std::function<void(Task&)> action) {
  for (Executor* const executor : plan_.executors) {
    executor->tell_tasks(action);
  }
}

// Other tasks on the executors of sinks get the call as well, and ignore it.
void Checkpointer::tell_sinks(std::function<void(Task&)> action) {
  std::vector<int> executors = plan_.sink_executors;
  std::sort(executors.begin(), executors.end());
  executors.erase(std::unique(executors.begin(), executors.end()), executors.end());
  for (const int executor : executors) {
    plan_.executors[static_cast<std::size_t>(executor)]->tell_tasks(action);
  }
}

}  // namespace wallaroo::internal
