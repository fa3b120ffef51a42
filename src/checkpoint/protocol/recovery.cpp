#include "checkpoint/protocol/recovery.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace wallaroo::internal {

namespace {

std::string list_of(const std::vector<CheckpointCandidate>& candidates) {
  if (candidates.empty()) {
    return "there is none";
  }
  std::string text = "there are";
  const char* separator = " ";
  for (const CheckpointCandidate& candidate : candidates) {
    text += separator + std::to_string(candidate.number);
    if (candidate.voided) {
      text += " (void)";
    } else if (!candidate.damage.empty()) {
      text += fmt::format(" (damaged: {})", candidate.damage);
    }
    separator = ", ";
  }
  return text;
}

using Choice = std::variant<RecoveryChoice, RecoveryRefusal>;

Choice choose_wanted(const std::vector<CheckpointCandidate>& candidates, RecoveryChoice choice,
                     std::uint64_t wanted) {
  for (const CheckpointCandidate& candidate : candidates) {
    if (candidate.number != wanted) {
      continue;
    }
    if (candidate.voided) {
      return RecoveryRefusal{
          fmt::format("checkpoint {} cannot be restored: its number was made void when a newer "
                      "generation began or its attempt failed; {}",
                      wanted, list_of(candidates))};
    }
    if (!candidate.damage.empty()) {
      return RecoveryRefusal{fmt::format("checkpoint {} cannot be restored: {}; {}", wanted,
                                         candidate.damage, list_of(candidates))};
    }
    choice.number = wanted;
    return choice;
  }
  return RecoveryRefusal{fmt::format("checkpoint {} cannot be restored: it does not exist; {}",
                                     wanted, list_of(candidates))};
}

/// Collects differences and notes, and makes the result of them.
class Fitting {
 public:
  explicit Fitting(bool allow_dropped) : allow_dropped_(allow_dropped) {}

  void differs(std::string what) { differences_.push_back(std::move(what)); }
  void note(std::string what) { notes_.push_back(std::move(what)); }
  void dropped(std::string what) {
    if (allow_dropped_) {
      note(std::move(what));
    } else {
      differs(std::move(what) +
              "; bring it back, or pass --allow-dropped-state to go on without it");
    }
  }

  std::variant<RestoreMapping, RecoveryRefusal> result(RestoreMapping mapping,
                                                       std::uint64_t number) {
    if (differences_.empty()) {
      mapping.notes = std::move(notes_);
      return mapping;
    }
    std::string message = fmt::format("checkpoint {} does not fit this application:", number);
    for (const std::string& difference : differences_) {
      message += "\n  - " + difference;
    }
    return RecoveryRefusal{std::move(message)};
  }

 private:
  bool allow_dropped_;
  std::vector<std::string> differences_;
  std::vector<std::string> notes_;
};

const std::string& name_of(const std::string& name) { return name; }
template <class Named>
const std::string& name_of(const Named& named) {
  return named.name;
}

template <class Named>
std::optional<std::size_t> find_name(const std::vector<Named>& all, const std::string& name) {
  for (std::size_t i = 0; i != all.size(); ++i) {
    if (name_of(all[i]) == name) {
      return i;
    }
  }
  return std::nullopt;
}

void compare_whole(const Manifest& manifest, const PlanShape& plan, Fitting& fitting) {
  if (manifest.application != plan.application) {
    fitting.differs(
        fmt::format("it is of the application '{}', this one is '{}'; give this one another "
                    "directory for its checkpoints",
                    manifest.application, plan.application));
  }
  // A group becomes several when more bits of the hash are taken, see `become_groups`.
  if (manifest.key_groups == 0 || plan.key_groups % manifest.key_groups != 0) {
    fitting.differs(
        fmt::format("it has {} key groups, this build of the engine {}; use the build that made "
                    "it ({})",
                    manifest.key_groups, plan.key_groups, manifest.engine_version));
  }
}

std::vector<std::size_t> map_parts(const ManifestStage& saved, const ManifestStage& now,
                                   const PlanShape& plan, Fitting& fitting) {
  std::vector<std::size_t> parts;
  for (const ManifestPart& part : saved.parts) {
    const auto index = find_name(now.parts, part.name);
    if (!index) {
      fitting.differs(
          fmt::format("stage '{}' had '{}', which it no longer keeps; give the changed stage "
                      "another name, and drop the old state with --allow-dropped-state",
                      saved.name, part.name));
    }
    parts.push_back(index.value_or(0));
  }
  for (const ManifestPart& part : now.parts) {
    if (!find_name(saved.parts, part.name) && !find_name(plan.younger_parts, part.name)) {
      fitting.differs(
          fmt::format("stage '{}' keeps '{}' now, which it did not before; give the changed stage "
                      "another name, and drop the old state with --allow-dropped-state",
                      saved.name, part.name));
    }
  }
  return parts;
}

void map_stages(const Manifest& manifest, const PlanShape& plan, RestoreMapping& mapping,
                Fitting& fitting) {
  for (const ManifestStage& saved : manifest.stages) {
    const auto index = find_name(plan.stages, saved.name);
    mapping.stages.push_back(index);
    mapping.parts.emplace_back();
    if (!index) {
      fitting.dropped(fmt::format("stage '{}' ({}) is not in the application: its state is dropped",
                                  saved.name, saved.kind));
      continue;
    }
    const ManifestStage& now = plan.stages[*index];
    if (now.kind != saved.kind) {
      fitting.differs(
          fmt::format("stage '{}' was of kind '{}' and is now '{}'; give it another name, and drop "
                      "the old state with --allow-dropped-state",
                      saved.name, saved.kind, now.kind));
      continue;
    }
    mapping.parts.back() = map_parts(saved, now, plan, fitting);
  }
  for (const ManifestStage& now : plan.stages) {
    if (!find_name(manifest.stages, now.name)) {
      fitting.note(fmt::format("stage '{}' is new and starts empty", now.name));
    }
  }
}

void compare_sources(const Manifest& manifest, const PlanShape& plan, Fitting& fitting) {
  for (const std::string& name : plan.sources) {
    if (!find_name(manifest.sources, name)) {
      fitting.note(fmt::format("source '{}' is new and starts at its beginning", name));
    }
  }
  for (const ManifestSource& saved : manifest.sources) {
    if (find_name(plan.sources, saved.name)) {
      continue;
    }
    if (saved.ended) {
      fitting.note(fmt::format("source '{}' is not in the application; it had ended", saved.name));
    } else {
      fitting.dropped(fmt::format(
          "source '{}' is not in the application: it is not read any further", saved.name));
    }
  }
}

void compare_sinks(const Manifest& manifest, const PlanShape& plan, Fitting& fitting) {
  for (const std::string& name : plan.sinks) {
    if (!find_name(manifest.sinks, name)) {
      fitting.note(fmt::format("sink '{}' is new", name));
    }
  }
  for (const ManifestSink& saved : manifest.sinks) {
    if (!find_name(plan.sinks, saved.name)) {
      fitting.dropped(fmt::format(
          "sink '{}' is not in the application: output that it has prepared may never be committed",
          saved.name));
    }
  }
}

}  // namespace

Choice choose_checkpoint(std::vector<CheckpointCandidate> candidates,
                         std::optional<std::uint64_t> wanted) {
  std::sort(candidates.begin(), candidates.end(),
            [](const auto& a, const auto& b) { return a.number > b.number; });
  RecoveryChoice choice;
  if (wanted) {
    return choose_wanted(candidates, std::move(choice), *wanted);
  }
  for (CheckpointCandidate& candidate : candidates) {
    if (candidate.voided) {
      continue;
    }
    if (candidate.damage.empty()) {
      choice.number = candidate.number;
      return choice;
    }
    choice.passed_over.push_back(candidate);
  }
  if (choice.passed_over.empty()) {
    return choice;
  }
  return RecoveryRefusal{fmt::format(
      "no checkpoint can be restored: {}; bring back a whole copy of the directory, or give an "
      "empty one to start anew; then committed output comes out again",
      list_of(candidates))};
}

std::vector<CheckpointCandidate> below_fence(std::vector<CheckpointCandidate> candidates,
                                             std::uint64_t fence) {
  std::erase_if(candidates, [&](const auto& candidate) { return candidate.number >= fence; });
  return candidates;
}

std::variant<RestoreMapping, RecoveryRefusal> map_checkpoint(const Manifest& manifest,
                                                             const PlanShape& plan,
                                                             bool allow_dropped_state) {
  RestoreMapping mapping;
  Fitting fitting(allow_dropped_state);
  compare_whole(manifest, plan, fitting);
  map_stages(manifest, plan, mapping, fitting);
  compare_sources(manifest, plan, fitting);
  compare_sinks(manifest, plan, fitting);
  return fitting.result(std::move(mapping), manifest.number);
}

}  // namespace wallaroo::internal
