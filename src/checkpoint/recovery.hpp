// What to go on from after a stop or a crash: pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "checkpoint/manifest.hpp"

namespace wallaroo::internal {

/// A manifest that was found.
struct CheckpointCandidate {
  std::uint64_t number = 0;
  std::string damage;  ///< what is wrong with it or its blocks; empty: it is whole
};

struct RecoveryChoice {
  /// To be restored; nothing: there was never one, the application starts anew.
  std::optional<std::uint64_t> number;
  /// Newer ones that are damaged, to be logged.
  std::vector<CheckpointCandidate> passed_over;
};

/// Why nothing can be restored: what happened, and what to do.
struct RecoveryRefusal {
  std::string message;
};

/// The newest candidate that is whole, or the one that is `wanted`. Refuses a wanted one that is
/// missing or damaged, and to start anew where all are damaged: what they contain is committed, so
/// it would come out twice.
std::variant<RecoveryChoice, RecoveryRefusal> choose_checkpoint(
    std::vector<CheckpointCandidate> candidates, std::optional<std::uint64_t> wanted = {});

/// What an application consists of, as far as a checkpoint must fit it.
struct PlanShape {
  std::string application;
  std::uint32_t key_groups = 0;
  std::vector<ManifestStage> stages;  ///< names, kinds, names of parts; schemas are not looked at
  std::vector<std::string> sources;
  std::vector<std::string> sinks;
  /// Parts that are younger than the format: a checkpoint without them held what they hold in
  /// others of the stage.
  std::vector<std::string> younger_parts = {};
};

/// Where each part of the application finds its state in the manifest.
struct RestoreMapping {
  /// For each stage of the manifest: its index in the plan; nothing: its state is dropped.
  std::vector<std::optional<std::size_t>> stages;
  /// For each stage of the manifest and each of its parts: the index in the stage of the plan.
  std::vector<std::vector<std::size_t>> parts;
  /// What is left out, or new and starts empty: sentences for the log.
  std::vector<std::string> notes;
};

/// Fits a checkpoint to an application by names. What is in the checkpoint and not in the
/// application is a difference unless `allow_dropped_state`, but for a source that has ended; what
/// is new in the application starts empty. Another application, another number of key groups,
/// another kind of stage and other parts of a stage are always differences. All differences are
/// told at once.
std::variant<RestoreMapping, RecoveryRefusal> map_checkpoint(const Manifest& manifest,
                                                             const PlanShape& plan,
                                                             bool allow_dropped_state);

}  // namespace wallaroo::internal
