// What the options say of checkpoints, and which one a start goes on from.
#pragma once

#include <cstdint>
#include <optional>

#include <wallaroo/engine.hpp>

#include "base/log.hpp"
#include "checkpoint/store.hpp"
#include "worker/checkpointer.hpp"

namespace wallaroo::internal {

/// Throws ConfigError for options that make no sense.
void check_checkpoint_options(const CheckpointOptions& options);
CheckpointSettings checkpoint_settings(const CheckpointOptions& options);

/// The newest one that is whole, or the one that is wanted; nothing where there is none at all.
/// Throws ConfigError or IoError, saying why nothing can be restored.
std::optional<Manifest> choose_restored(const CheckpointStore& store,
                                        std::optional<std::uint64_t> wanted, const Log& log);

}  // namespace wallaroo::internal
