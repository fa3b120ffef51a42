// Chooses the checkpoint to go on from after a stop or a crash, and fits it to the plan. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "checkpoint/store/manifest.hpp"

namespace wallaroo::internal {

/// A manifest that was found, or the file that makes its number void.
struct CheckpointCandidate {
  std::uint64_t number = 0;
  std::string damage;   ///< what is wrong with it or its blocks; empty: it is whole
  bool voided = false;  ///< there never was, and never will be, a checkpoint of this number
};

struct RecoveryChoice {
  /// The checkpoint to restore; nothing: there never was one, and the application starts anew.
  std::optional<std::uint64_t> number;
  /// Newer checkpoints that are damaged; the caller logs them.
  std::vector<CheckpointCandidate> passed_over;
};

/// Nothing can be restored. The message says why, and what to do.
struct RecoveryRefusal {
  std::string message;
};

/// Chooses the newest whole candidate, or `wanted`. Voids are no checkpoints: they are passed over
/// in silence. Refuses if `wanted` is missing, damaged or void. Refuses to start anew if all
/// checkpoints are damaged: their output is committed, so it would come out twice.
std::variant<RecoveryChoice, RecoveryRefusal> choose_checkpoint(
    std::vector<CheckpointCandidate> candidates, std::optional<std::uint64_t> wanted = {});

/// Removes the candidates from `fence` on. A generation that has made the number `fence` void must
/// choose below it: only there nobody can publish any more.
std::vector<CheckpointCandidate> below_fence(std::vector<CheckpointCandidate> candidates,
                                             std::uint64_t fence);

/// The parts of an application that a checkpoint must fit.
struct PlanShape {
  std::string application;
  std::uint32_t key_groups = 0;
  std::vector<ManifestStage> stages;  ///< names, kinds, names of parts; schemas are not looked at
  std::vector<std::string> sources;
  std::vector<std::string> sinks;
  /// Parts that were added after the format. A checkpoint without them has what they hold in other
  /// parts of the stage.
  std::vector<std::string> younger_parts = {};
};

/// Where each part of the application finds its state in the manifest.
struct RestoreMapping {
  /// For each stage of the manifest: its index in the plan; nothing: its state is dropped.
  std::vector<std::optional<std::size_t>> stages;
  /// For each stage of the manifest and each of its parts: the index in the stage of the plan.
  std::vector<std::vector<std::size_t>> parts;
  /// Sentences for the log: what is left out, and what is new and starts empty.
  std::vector<std::string> notes;
};

/// Fits a checkpoint to an application by names. A stage, source or sink that only the checkpoint
/// has is a difference, unless `allow_dropped_state` is set or it is a source that has ended. One
/// that only the application has starts empty. Another application, another kind of stage and other
/// parts of a stage are always differences, and so is a number of key groups that does not divide
/// the application's. The refusal lists all differences.
std::variant<RestoreMapping, RecoveryRefusal> map_checkpoint(const Manifest& manifest,
                                                             const PlanShape& plan,
                                                             bool allow_dropped_state);

}  // namespace wallaroo::internal
