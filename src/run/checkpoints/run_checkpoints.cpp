// What a run has to do with checkpoints.

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>
#include <wallaroo/types/stored.hpp>

#include "run/run_parts.hpp"

namespace wallaroo::internal {

// The same on every executor, so the first that has a stage tells.
void Run::number_kept_stages() {
  std::map<StageId, const KeptState*> kept;
  for (const auto& segment : segments_) {
    for (const KeptState& state : segment->states) {
      const auto stage = std::find_if(stages_.begin(), stages_.end(), [&](const auto& instance) {
        return &instance->runtime == state.stage;
      });
      kept.try_emplace((*stage)->stage, &state);
    }
  }
  for (const auto& [stage, state] : kept) {
    ManifestStage about{state->stage->info->name,
                        std::string(name_of(state->stage->info->kind)),
                        state->state->instance_schema(),
                        {}};
    for (const StatePart* const part : state->state->parts()) {
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

void Run::check_storable() const {
  for (const auto& segment : segments_) {
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

void Run::find_restored() {
  if (!options_.restored) {
    return;
  }
  PlanShape shape{options_.application, key_group_count, kept_stages_, {}, {}, younger_parts_};
  for (const auto& [id, source] : sources_) {
    shape.sources.push_back(source->name);
  }
  for (const auto& [id, sink] : sinks_) {
    shape.sinks.push_back(sink->name);
  }
  const auto mapped = map_checkpoint(*options_.restored, shape, options_.allow_dropped_state);
  if (const auto* refusal = std::get_if<RecoveryRefusal>(&mapped)) {
    throw ConfigError(refusal->message);
  }
  const auto& mapping = std::get<RestoreMapping>(mapped);
  for (const std::string& note : mapping.notes) {
    log_.info("checkpoint {}: {}", options_.restored->number, note);
  }
  restored_.emplace();
  restored_->manifest = *options_.restored;
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
      options_.restored_from == nullptr ? *options_.store : *options_.restored_from;
  restored_->read_block = [reader = store.reader(restored_->manifest)](std::size_t block) {
    return reader.block(block);
  };
  check_restored_types();
}

// Here, before anything is opened, rather than when the state is read.
void Run::check_restored_types() const {
  for (const auto& segment : segments_) {
    for (const KeptState& kept : segment->states) {
      const auto stage = std::find_if(
          kept_stages_.begin(), kept_stages_.end(),
          [&](const ManifestStage& about) { return about.name == kept.stage->info->name; });
      const Restored::Stage& found =
          restored_->stages[static_cast<std::size_t>(stage - kept_stages_.begin())];
      const auto parts = kept.state->parts();
      for (std::size_t part = 0; found.stage && part < parts.size(); ++part) {
        if (!found.parts[part]) {
          continue;
        }
        const ManifestPart& stored =
            restored_->manifest.stages[*found.stage].parts[*found.parts[part]];
        try {
          parts[part]->begin_load(stored.key_schema, stored.value_schema, wall_offset_ns_);
        } catch (const StoredError& error) {
          throw ConfigError(state_not_restored(*kept.stage->info,
                                               restored_->manifest.number, error.what()));
        }
      }
    }
  }
}

void Run::attach_keeper(SegmentInstance& segment, CheckpointSlot slot) {
  if (!takes_checkpoints()) {
    return;
  }
  std::vector<std::uint32_t> stages;
  for (const KeptState& state : segment.states) {
    const auto stage = std::find_if(stages_.begin(), stages_.end(), [&](const auto& instance) {
      return &instance->runtime == state.stage;
    });
    stages.push_back(kept_stage_of_.at((*stage)->stage));
  }
  StateKeeper::Place place{slot, segment.executor, plan_->executors(), wall_offset_ns_, {}};
  const Assignment assignment(plan_->executors());
  const bool everywhere = plan_->placement(segment.node).everywhere;
  for (std::size_t group = 0; group < key_group_count; ++group) {
    place.owned[group] =
        !everywhere || assignment.owner(group) == static_cast<std::size_t>(segment.executor);
  }
  segment.output.keeper().attach(segment.states, std::move(stages), place);
  if (restored_) {
    segment.output.keeper().load_at_start(*restored_);
  }
}

std::string Run::with_address(const SinkInstance& sink) {
  const std::string address = sink.sink->address();
  return fmt::format("{}{}sink '{}'", address, address.empty() ? "" : " of ", sink.name);
}

CheckpointPlan Run::checkpoint_plan() const {
  CheckpointPlan plan;
  plan.application = options_.application;
  plan.engine_version = options_.engine_version;
  for (const auto& executor : executors_) {
    plan.executors.push_back(executor.get());
  }
  plan.tasks = tasks_;
  plan.task_names = task_names_;
  plan.wall_offset_ns = wall_offset_ns_;
  plan.stages = kept_stages_;
  for (const auto& [id, source] : sources_) {
    plan.sources.push_back(source->name);
  }
  for (const auto& [id, sink] : sinks_) {
    plan.sinks.push_back(sink->name);
    plan.sink_executors.push_back(plan_->placement(id).executor);
    plan.sink_names.push_back(with_address(*sink));
  }
  return plan;
}

void Run::start_checkpoints() {
  checkpointer_->prepare(
      checkpoint_plan(),
      {[this] { finish_checkpoints(); }, [this](const std::string& reason) { fail(reason); },
       [this](std::string reason) { roll_back(std::move(reason)); }});
  if (options_.store == nullptr) {
    return;
  }
  for (std::size_t i = 0; i < executors_.size(); ++i) {
    executors_[i]->take_checkpoints(*checkpointer_, static_cast<int>(i));
  }
}

void Run::finish_checkpoints() {
  for (const auto& executor : executors_) {
    executor->release_from_checkpoints();
  }
}

void Run::roll_back(std::string reason) {
  {
    const std::lock_guard lock(mutex_);
    rolled_back_ = std::move(reason);
  }
  stop_now();
}

std::optional<std::string> Run::rolled_back() const {
  const std::lock_guard lock(mutex_);
  return failed_ ? std::nullopt : rolled_back_;
}

FailedCheckpoints Run::checkpoint_failures() const {
  return checkpointer_ == nullptr ? FailedCheckpoints{} : checkpointer_->failures();
}

void Run::checkpoint_inline(CheckpointStore& store) {
  check_storable();
  const std::uint64_t completed = checkpointer_->metrics().completed.value();
  checkpointer_->open(store, std::nullopt, {});
  checkpointer_->begin_now();
  while (checkpointer_->pump()) {
    run_inline();
  }
  run_inline();
  if (checkpointer_->metrics().completed.value() == completed) {
    throw IoError("the checkpoint failed");
  }
}

}  // namespace wallaroo::internal
