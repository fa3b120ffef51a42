// Reads the options of checkpoints, and chooses the checkpoint that a start goes on from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <wallaroo/engine.hpp>

#include "base/log.hpp"
#include "checkpoint/store/store.hpp"
#include "run/checkpoints/checkpoint_settings.hpp"

namespace wallaroo::internal {

/// Throws ConfigError for options that make no sense.
void check_checkpoint_options(const CheckpointOptions& options);
CheckpointSettings checkpoint_settings(const CheckpointOptions& options);

/// Which checkpoint a start asks for.
struct WantedCheckpoint {
  std::string application;              ///< the application that must have written it
  std::optional<std::uint64_t> number;  ///< empty: the newest one that is whole
};

/// Returns the manifest to restore, or nothing when the store has no checkpoint at all. Logs
/// damaged checkpoints that it passes over. Throws ConfigError or IoError that says why none can be
/// restored.
std::optional<Manifest> choose_restored(const CheckpointStore& store,
                                        const WantedCheckpoint& wanted, const Log& log);

/// Returns advice for a start that found a damaged block in checkpoint `number`: names the newest
/// older checkpoint with no damaged block. Reads all blocks of the older ones, which may take long.
std::string advice_for_damaged(const CheckpointStore& store, std::uint64_t number);

}  // namespace wallaroo::internal
