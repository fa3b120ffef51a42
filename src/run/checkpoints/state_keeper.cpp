#include "run/checkpoints/state_keeper.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <map>
#include <utility>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>
#include <wallaroo/types/stored.hpp>

#include "base/check.hpp"
#include "base/current_error.hpp"
#include "base/failpoint.hpp"
#include "base/stage_failure.hpp"

namespace wallaroo::internal {

namespace {

// A slice takes some tens of microseconds: records wait for it no longer than for a batch. Where
// the entries are slow, because functions of the user save them, it ends after `longest_slice_ns`.
constexpr std::size_t entries_per_slice = 4096;
constexpr std::size_t entries_per_look = 256;  ///< at the clock
constexpr std::int64_t longest_slice_ns = 1'000'000;
/// A slice is followed by a pause that is so many times as long.
constexpr std::int64_t pauses_per_slice = 2;
constexpr std::size_t block_bytes = 256 * 1024;

}  // namespace

std::string state_not_restored(const StageInfo& stage, std::uint64_t checkpoint,
                               std::string_view why) {
  return fmt::format("stage '{}': its state in checkpoint {} cannot be restored: {}", stage.name,
                     checkpoint, why);
}

template <class Work>
void StateKeeper::fitting(const KeptState& kept, Work&& work) const {
  try {
    work();
  } catch (const StoredError& error) {
    throw ConfigError(
        state_not_restored(*kept.stage->info, restored_->manifest.number, error.what()));
  }
}

template <class Work>
void StateKeeper::loading(const KeptState& kept, Work&& work) const {
  try {
    work();
  } catch (...) {
    throw StageError(
        state_not_restored(*kept.stage->info, restored_->manifest.number, current_error()));
  }
}

template <class Work>
auto StateKeeper::saving(const KeptState& kept, Work&& work) const {
  try {
    return work();
  } catch (const StageFailure&) {
    throw;
  } catch (...) {
    throw StageFailure(fmt::format("stage '{}': its state cannot be saved in checkpoint {}: {}",
                                   kept.stage->info->name, begun_, current_error()));
  }
}

void StateKeeper::attach(std::vector<KeptState> states, std::vector<std::uint32_t> stages,
                         const Context& context) {
  states_ = std::move(states);
  stages_ = std::move(stages);
  context_ = context;
}

void StateKeeper::load() {
  if (restored_ == nullptr) {
    return;
  }
  load_parts();
  for (std::size_t state = 0; state < states_.size(); ++state) {
    load_instances(state);
  }
  restored_ = nullptr;
}

/// The groups of a checkpoint with `saved_groups` groups in which this executor's keys are.
KeyGroups StateKeeper::wanted_groups(std::size_t saved_groups) const {
  check(become_groups(saved_groups), "the key groups of the checkpoint fit today's");
  KeyGroups wanted;
  for (std::size_t group = 0; group < key_group_count; ++group) {
    if (context_.owned[group]) {
      wanted.set(group % saved_groups);
    }
  }
  return wanted;
}

void StateKeeper::load_parts() {
  const Restored& restored = *restored_;
  // Sections by block, so that each block is read and decompressed once.
  struct Wanted {
    const ManifestSection* section;
    const KeptState* kept;
    StatePart* part;
  };
  std::map<std::uint32_t, std::vector<Wanted>> by_block;
  const std::size_t saved_groups = restored.manifest.key_groups;
  const KeyGroups wanted = wanted_groups(saved_groups);
  for (std::size_t state = 0; state < states_.size(); ++state) {
    const Restored::Stage& found = restored.stages[stages_[state]];
    if (!found.stage) {
      continue;
    }
    const auto parts = states_[state].state->parts();
    const ManifestStage& about = restored.manifest.stages[*found.stage];
    for (std::size_t part = 0; part < parts.size(); ++part) {
      if (!found.parts[part]) {
        continue;
      }
      const ManifestPart& stored = about.parts[*found.parts[part]];
      fitting(states_[state], [&] {
        parts[part]->begin_load(stored.key_schema, stored.value_schema, context_.wall_offset_ns);
      });
      std::array<std::size_t, key_group_count> entries{};
      for (const ManifestSection& section : restored.manifest.sections) {
        if (section.stage == *found.stage && section.part == *found.parts[part] &&
            wanted[section.group] && section.entries != 0) {
          by_block[section.block].push_back({&section, &states_[state], parts[part]});
          // An entry takes a byte at least, so a wrong manifest cannot ask for any amount of
          // memory.
          entries[section.group] += std::min(section.entries, section.length);
        }
      }
      for (std::size_t group = 0; group < key_group_count; ++group) {
        const std::size_t expected = entries[group % saved_groups] * saved_groups / key_group_count;
        if (context_.owned[group] && expected != 0) {
          parts[part]->expect(group, expected);
        }
      }
    }
  }
  for (const auto& [block, sections] : by_block) {
    const std::string bytes = restored.read_block(block);
    for (const Wanted& one : sections) {
      const auto& section = *one.section;
      loading(*one.kept, [&] {
        if (section.offset > bytes.size() || section.length > bytes.size() - section.offset) {
          throw StoredError("a section ends behind its block");
        }
        one.part->load({section.group, saved_groups, context_.owned},
                       std::string_view(bytes).substr(section.offset, section.length),
                       section.entries);
      });
    }
  }
  for (const KeptState& kept : states_) {
    for (StatePart* const part : kept.state->parts()) {
      part->end_load();
    }
  }
}

/// Returns whether each executor has the groups that it had.
bool StateKeeper::has_the_same_groups(const Manifest& before) const {
  return static_cast<int>(before.executors) == context_.executors &&
         std::equal(before.owners.begin(), before.owners.end(),
                    context_.assignment->owners().begin(), context_.assignment->owners().end());
}

void StateKeeper::load_instances(std::size_t state) {
  const Restored& restored = *restored_;
  const Restored::Stage& found = restored.stages[stages_[state]];
  const KeptState& kept = states_[state];
  if (!found.stage || restored.manifest.stages[*found.stage].instance_schema.empty()) {
    return;
  }
  const bool same = has_the_same_groups(restored.manifest);
  const auto executor = static_cast<std::uint32_t>(context_.executor);
  std::map<std::uint32_t, std::string> by_executor;
  for (const ManifestInstance& instance : restored.manifest.instances) {
    if (instance.stage != *found.stage) {
      continue;
    }
    // A stage that runs on only one executor may have run on another one. Then nothing was saved by
    // this executor, and all that was saved is loaded.
    if (same && instance.executor == executor) {
      by_executor = {{executor, instance.bytes}};
      break;
    }
    by_executor[instance.executor] = instance.bytes;
  }
  if (by_executor.empty()) {
    return;
  }
  std::vector<std::string> saved;
  for (auto& [from, bytes] : by_executor) {
    saved.push_back(std::move(bytes));
  }
  fitting(kept, [&] {
    SavedInstances instances{restored.manifest.stages[*found.stage].instance_schema, saved};
    if (saved.size() == restored.manifest.executors) {
      instances.owners = restored.manifest.owners;
    }
    kept.state->load_instances(instances, context_.wall_offset_ns);
  });
}

KeyGroups StateKeeper::also(std::size_t state, std::size_t part,
                            const RewriteGroups& rewrite) const {
  KeyGroups groups;
  if (rewrite != nullptr) {
    for (const PartGroup& place : *rewrite) {
      if (place.stage == stages_[state] && place.part == part) {
        groups.set(place.group);
      }
    }
  }
  return groups;
}

void StateKeeper::begin(std::uint64_t number, const RewriteGroups& rewrite) {
  // A barrier may overtake the message that the checkpoint before is complete or has failed. If it
  // has failed, what was saved for it counts as changed again. If not, that is only saved once
  // more.
  if (begun_ != completed_) {
    abandon(begun_);
  }
  number_ = begun_ = number;
  if (context_.slot.port != nullptr) {
    context_.slot.port->met_barrier(number);
  }
  next_slice_ns_ = no_time;
  state_ = part_ = 0;
  for (std::size_t state = 0; state < states_.size(); ++state) {
    StageState& kept = *states_[state].state;
    const auto parts = kept.parts();
    for (std::size_t part = 0; part < parts.size(); ++part) {
      saving(states_[state], [&] {
        parts[part]->begin_save({context_.wall_offset_ns,
                                 context_.owned,
                                 also(state, part, rewrite),
                                 {states_[state].stage->info->name, number}});
      });
    }
    if (!kept.instance_schema().empty()) {
      context_.slot.port->save_instance(
          number,
          {stages_[state], static_cast<std::uint32_t>(context_.executor),
           saving(states_[state], [&] { return kept.save_instance(context_.wall_offset_ns); })});
    }
  }
}

bool StateKeeper::step() {
  const std::int64_t began_ns = now_ns();
  if (due_ns() > began_ns) {
    return false;
  }
  if (save_slice(began_ns)) {
    send_block();
    context_.slot.port->task_saved(std::exchange(number_, 0), context_.slot.task);
  } else {
    const std::int64_t ended_ns = context_.clock->now_ns();
    next_slice_ns_ = ended_ns + pauses_per_slice * (ended_ns - began_ns);
  }
  return true;
}

bool StateKeeper::save_slice(std::int64_t began_ns) {
  for (std::size_t left = entries_per_slice; left != 0; left -= entries_per_look) {
    std::size_t budget = entries_per_look;
    if (save_entries(budget)) {
      return true;
    }
    if (budget != 0 || context_.clock->now_ns() - began_ns >= longest_slice_ns) {
      return false;
    }
  }
  return false;
}

// Blocks are handed over outside of the scope: the port has a lock of its own, which must not be
// waited for with that of an interpreter.
bool StateKeeper::save_entries(std::size_t& budget) {
  for (; state_ < states_.size(); ++state_, part_ = 0) {
    bool more = false;
    const auto save = [&] { more = save_parts(budget); };
    if (const auto in_scope = states_[state_].in_scope) {
      in_scope(save);
    } else {
      save();
    }
    for (StateBlock& block : std::exchange(full_blocks_, {})) {
      context_.slot.port->save_block(number_, std::move(block));
    }
    if (more) {
      return false;
    }
  }
  return true;
}

bool StateKeeper::save_parts(std::size_t& budget) {
  const auto parts = states_[state_].state->parts();
  for (; part_ < parts.size(); ++part_) {
    if (parts[part_]->save_some(budget, *this)) {
      return true;
    }
  }
  return false;
}

void StateKeeper::section(std::size_t group, std::string_view bytes, std::uint32_t entries) {
  block_.sections.push_back({stages_[state_], static_cast<std::uint16_t>(part_),
                             static_cast<std::uint16_t>(group), 0,
                             static_cast<std::uint32_t>(block_.bytes.size()),
                             static_cast<std::uint32_t>(bytes.size()), entries});
  block_.bytes.append(bytes);
  if (block_.bytes.size() >= block_bytes) {
    full_blocks_.push_back(std::exchange(block_, {}));
  }
}

void StateKeeper::send_block() {
  if (!block_.sections.empty()) {
    context_.slot.port->save_block(number_, std::exchange(block_, {}));
  }
}

void StateKeeper::abandon(std::uint64_t number) {
  if (number != begun_) {
    return;
  }
  number_ = 0;
  block_ = {};
  full_blocks_.clear();
  if (mutation("lose_dirty_after_abandon")) {
    return;
  }
  for (const KeptState& kept : states_) {
    for (StatePart* const part : kept.state->parts()) {
      part->abandon_save();
    }
  }
}

}  // namespace wallaroo::internal
