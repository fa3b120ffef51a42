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
  /// Above the numbers of all candidates. One who also finds data files without a manifest, or has
  /// run before, takes the greatest.
  std::uint64_t first_number = 1;
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

/// How a transaction ends that a sink, or its peer, has prepared and not finished.
enum class Resolution : std::uint8_t { commit, abort };

/// `restored`: the checkpoint gone back to; 0: none. Only the transaction of that very checkpoint
/// is committed. One of a later number belongs to a checkpoint that never completed, or that was
/// deliberately not restored; one of an earlier number too: no checkpoint begins before all sinks
/// have committed the one before.
constexpr Resolution resolve(std::uint64_t transaction, std::uint64_t restored) {
  return transaction == restored && restored != 0 ? Resolution::commit : Resolution::abort;
}

/// What an application consists of, as far as a checkpoint must fit it.
struct PlanShape {
  std::string application;
  std::uint32_t key_groups = 0;
  std::vector<ManifestStage> stages;  ///< names, kinds, names of parts; schemas are not looked at
  std::vector<std::string> sources;
  std::vector<std::string> sinks;
};

/// Where each part of the application finds its own in the manifest.
struct RestoreMapping {
  /// For each stage of the manifest: its index in the plan; nothing: its state is dropped.
  std::vector<std::optional<std::size_t>> stages;
  /// For each stage of the manifest and each of its parts: the index in the stage of the plan.
  std::vector<std::vector<std::size_t>> parts;
  /// For each source of the plan: its index in the manifest; nothing: it starts at its beginning.
  /// One that is `ended` there is not read again.
  std::vector<std::optional<std::size_t>> sources;
  /// For each sink of the plan: its index in the manifest; nothing: it starts with nothing
  /// prepared.
  std::vector<std::optional<std::size_t>> sinks;
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
