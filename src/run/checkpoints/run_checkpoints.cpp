#include "run/checkpoints/run_checkpoints.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>
#include <wallaroo/types/stored.hpp>

#include "checkpoint/protocol/recovery.hpp"
#include "metrics/describe.hpp"

namespace wallaroo::internal {

RunCheckpoints::RunCheckpoints(const RunContext& context) : context_(context) {}

void RunCheckpoints::fit(const WiredSegments& segments, const SourcesAndSinks& sources_and_sinks) {
  if (!context_.takes_checkpoints()) {
    return;
  }
  const RunOptions& options = context_.options;
  metrics_ = options.checkpoint_metrics == nullptr ? std::make_shared<CheckpointMetrics>()
                                                   : options.checkpoint_metrics;
  checkpointer_ =
      std::make_unique<Checkpointer>(options.checkpoints, context_.clock, context_.log, *metrics_);
  checkpointer_->observe(options.checkpoint_observer.get());
  number_kept_stages(segments);
  if (options.store != nullptr) {
    check_storable(segments);
  }
  if (options.restored) {
    find_restored(sources_and_sinks);
    check_restored_types(segments);
  }
}

StageId RunCheckpoints::stage_of(const KeptState& kept) const {
  return context_.plan.stages().id_of(*kept.stage->info);
}

// A stage keeps the same on every executor. The first instance describes it.
void RunCheckpoints::number_kept_stages(const WiredSegments& segments) {
  std::map<StageId, const KeptState*> kept_by_stage;
  for (const auto& segment : segments) {
    for (const KeptState& kept : segment->states) {
      kept_by_stage.try_emplace(stage_of(kept), &kept);
    }
  }
  for (const auto& [stage, kept] : kept_by_stage) {
    ManifestStage about{kept->stage->info->name,
                        std::string(name_of(kept->stage->info->kind)),
                        kept->state->instance_schema(),
                        {}};
    for (const StatePart* const part : kept->state->parts()) {
      about.parts.push_back({std::string(part->name()), part->key_schema(), part->value_schema(),
                             part->value_fields()});
      if (part->may_be_missing()) {
        younger_parts_.emplace_back(part->name());
      }
    }
    kept_stage_of_[stage] = static_cast<std::uint32_t>(kept_stages_.size());
    kept_stages_.push_back(std::move(about));
  }
}

void RunCheckpoints::check_storable(const WiredSegments& segments) {
  for (const auto& segment : segments) {
    for (const KeptState& kept : segment->states) {
      for (const StatePart* const part : kept.state->parts()) {
        if (!part->storable()) {
          throw ConfigError(fmt::format(
              "stage '{}': its state or its key is of a type that is not stored, or declared as "
              "wallaroo::NotStored, so no checkpoint can hold it; run without --checkpoint-dir, or "
              "write a wallaroo::Stored for the type that saves and loads it",
              kept.stage->info->name));
        }
      }
    }
  }
}

RestoreMapping RunCheckpoints::map_restored(const SourcesAndSinks& sources_and_sinks) const {
  const RunOptions& options = context_.options;
  const PlanShape shape{options.application,
                        key_group_count,
                        kept_stages_,
                        sources_and_sinks.source_names(),
                        sources_and_sinks.sink_names(),
                        younger_parts_};
  auto mapped = map_checkpoint(*options.restored, shape, options.allow_dropped_state);
  if (const auto* refusal = std::get_if<RecoveryRefusal>(&mapped)) {
    throw ConfigError(refusal->message);
  }
  return std::move(std::get<RestoreMapping>(mapped));
}

void RunCheckpoints::find_restored(const SourcesAndSinks& sources_and_sinks) {
  const RunOptions& options = context_.options;
  const RestoreMapping mapping = map_restored(sources_and_sinks);
  for (const std::string& note : mapping.notes) {
    context_.log.info("checkpoint {}: {}", options.restored->number, note);
  }
  restored_.emplace();
  restored_->manifest = *options.restored;
  restored_->stages.resize(kept_stages_.size());
  for (std::size_t stored = 0; stored < mapping.stages.size(); ++stored) {
    if (!mapping.stages[stored]) {
      continue;
    }
    const std::size_t stage = *mapping.stages[stored];
    Restored::Stage& found = restored_->stages[stage];
    found.stage = static_cast<std::uint32_t>(stored);
    found.parts.resize(kept_stages_[stage].parts.size());
    for (std::size_t part = 0; part < mapping.parts[stored].size(); ++part) {
      found.parts[mapping.parts[stored][part]] = static_cast<std::uint16_t>(part);
    }
  }
  const CheckpointStore& store =
      options.restored_from == nullptr ? *options.store : *options.restored_from;
  restored_->read_block = [reader = store.reader(restored_->manifest)](std::size_t block) {
    return reader.block(block);
  };
}

// A type that does not fit is refused here, before anything is opened, rather than when the state
// is read.
void RunCheckpoints::check_restored_types(const WiredSegments& segments) const {
  for (const auto& segment : segments) {
    for (const KeptState& kept : segment->states) {
      check_restored_types(kept);
    }
  }
}

void RunCheckpoints::check_restored_types(const KeptState& kept) const {
  const Restored::Stage& found = restored_->stages[kept_stage_of_.at(stage_of(kept))];
  const auto parts = kept.state->parts();
  for (std::size_t part = 0; found.stage && part < parts.size(); ++part) {
    if (!found.parts[part]) {
      continue;
    }
    const ManifestPart& stored = restored_->manifest.stages[*found.stage].parts[*found.parts[part]];
    try {
      parts[part]->begin_load(stored.key_schema, stored.value_schema, context_.wall_offset_ns);
    } catch (const StoredError& error) {
      throw ConfigError(
          state_not_restored(*kept.stage->info, restored_->manifest.number, error.what()));
    }
  }
}

void RunCheckpoints::discard_newer() const {
  const RunOptions& options = context_.options;
  if (options.discard_newer && options.restored) {
    options.store->discard_above(options.restored->number);
  }
}

CheckpointSlot RunCheckpoints::add_task(std::string name) {
  const CheckpointSlot slot{port(), task_names_.size()};
  task_names_.push_back(std::move(name));
  return slot;
}

void RunCheckpoints::attach_keeper(WiredSegment& segment, const CheckpointSlot& slot) const {
  if (!context_.takes_checkpoints()) {
    return;
  }
  std::vector<std::uint32_t> stages;
  for (const KeptState& kept : segment.states) {
    stages.push_back(kept_stage_of_.at(stage_of(kept)));
  }
  const int executors = context_.plan.executors();
  StateKeeper::Context keeping{
      slot, segment.executor,   executors, &context_.clock, context_.wall_offset_ns,
      {},   context_.assignment};
  const bool everywhere = context_.plan.placement(segment.node).everywhere;
  for (std::size_t group = 0; group < key_group_count; ++group) {
    keeping.owned[group] = !everywhere || context_.assignment->owner(group) ==
                                              static_cast<std::size_t>(segment.executor);
  }
  StateKeeper& keeper = segment.runner.keeper();
  keeper.attach(segment.states, std::move(stages), keeping);
  if (restored_) {
    keeper.load_at_start(*restored_);
  }
}

PartPlan RunCheckpoints::part_plan(const Executors& executors,
                                   const SourcesAndSinks& sources_and_sinks) const {
  PartPlan plan;
  for (const auto& executor : executors) {
    plan.executors.push_back(executor.get());
  }
  for (const auto& [id, sink] : sources_and_sinks.sinks()) {
    const int executor = context_.plan.placement(id).executor;
    plan.sink_executors.push_back(static_cast<int>(context_.place.index(executor)));
  }
  plan.member = static_cast<std::uint32_t>(context_.options.member);
  plan.task_names = task_names_;
  plan.sources = sources_and_sinks.source_names();
  return plan;
}

LeaderPlan RunCheckpoints::leader_plan(const SourcesAndSinks& sources_and_sinks) const {
  LeaderPlan plan;
  plan.application = context_.options.application;
  plan.engine_version = context_.options.engine_version;
  plan.executors = static_cast<std::uint32_t>(context_.plan.executors());
  plan.assignment = context_.assignment;
  plan.stages = kept_stages_;
  plan.sources = sources_and_sinks.source_names();
  plan.sinks = sources_and_sinks.sink_names();
  for (const auto& [id, sink] : sources_and_sinks.sinks()) {
    plan.sink_names.push_back(sink->name_with_address());
  }
  plan.wall_offset_ns = context_.wall_offset_ns;
  return plan;
}

void RunCheckpoints::prepare(const Executors& executors, const SourcesAndSinks& sources_and_sinks,
                             CheckpointerCallbacks callbacks) {
  if (!context_.takes_checkpoints()) {
    return;
  }
  checkpointer_->prepare(part_plan(executors, sources_and_sinks), leader_plan(sources_and_sinks),
                         std::move(callbacks));
  if (context_.options.store == nullptr) {
    return;
  }
  for (std::size_t i = 0; i < executors.size(); ++i) {
    executors[i]->take_checkpoints(checkpointer_->port(), static_cast<int>(i));
  }
}

void RunCheckpoints::begin() {
  const RunOptions& options = context_.options;
  if (options.store != nullptr) {
    checkpointer_->open(*options.store, options.restored, options.failures);
    checkpointer_->start_thread();
  }
}

void RunCheckpoints::end_thread() {
  if (checkpointer_ != nullptr) {
    checkpointer_->end_thread();
  }
}

void RunCheckpoints::take_inline(CheckpointStore& store, const std::function<void()>& serve) {
  const std::uint64_t completed = metrics_->completed.value();
  checkpointer_->open(store, std::nullopt, {});
  checkpointer_->begin_now();
  while (checkpointer_->pump()) {
    serve();
  }
  serve();
  if (metrics_->completed.value() == completed) {
    throw IoError("the checkpoint failed");
  }
}

FailedCheckpoints RunCheckpoints::failures() const {
  return checkpointer_ == nullptr ? FailedCheckpoints{} : checkpointer_->failures();
}

void RunCheckpoints::register_metrics(Registry& registry, const std::string& worker) const {
  if (context_.options.store != nullptr) {
    register_checkpoints(registry, worker, *metrics_);
  }
}

void RunCheckpoints::add_totals(RunTotals& totals) const {
  if (metrics_ != nullptr) {
    totals.checkpoints = metrics_->completed.value();
    totals.checkpoints_failed = metrics_->failed.value();
  }
}

}  // namespace wallaroo::internal
