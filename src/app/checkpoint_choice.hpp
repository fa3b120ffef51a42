// What the options say of checkpoints, and which one a start goes on from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <wallaroo/engine.hpp>

#include "base/log.hpp"
#include "checkpoint/store/store.hpp"
#include "run/checkpointer.hpp"

namespace wallaroo::internal {

/// Throws ConfigError for options that make no sense.
void check_checkpoint_options(const CheckpointOptions& options);
CheckpointSettings checkpoint_settings(const CheckpointOptions& options);

/// Which checkpoint a start asks for.
struct WantedCheckpoint {
  std::string application;              ///< whose it must be
  std::optional<std::uint64_t> number;  ///< nothing: the newest one that is whole
};

/// Nothing where there is none at all. Damaged ones that are passed over are logged. Throws
/// ConfigError or IoError, saying why nothing can be restored.
std::optional<Manifest> choose_restored(const CheckpointStore& store,
                                        const WantedCheckpoint& wanted, const Log& log);

/// What to do when a block of checkpoint `number` is damaged: names the newest older one of which
/// every block is whole. Reads them, which may take long.
std::string advice_for_damaged(const CheckpointStore& store, std::uint64_t number);

}  // namespace wallaroo::internal
