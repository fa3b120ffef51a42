#include "app/checkpoint_choice.hpp"

#include <fmt/format.h>

#include <wallaroo/error.hpp>

#include "checkpoint/recovery.hpp"

namespace wallaroo::internal {

void check_checkpoint_options(const CheckpointOptions& options) {
  if (options.directory.empty()) {
    if (options.restore) {
      throw ConfigError(
          "a checkpoint is to be restored, but no directory of checkpoints is given; give "
          "--checkpoint-dir too");
    }
    return;
  }
  if (options.interval.count() <= 0 || options.timeout.count() <= 0) {
    throw ConfigError("the interval and the timeout of checkpoints must be longer than nothing");
  }
  if (options.retain == 0) {
    throw ConfigError("at least one checkpoint must be retained");
  }
}

CheckpointSettings checkpoint_settings(const CheckpointOptions& options) {
  return {options.interval.count(), options.timeout.count(), options.retain, options.failures};
}

std::optional<Manifest> choose_restored(const CheckpointStore& store,
                                        std::optional<std::uint64_t> wanted, const Log& log) {
  const auto chosen = choose_checkpoint(store.candidates(), wanted);
  if (const auto* refusal = std::get_if<RecoveryRefusal>(&chosen)) {
    throw ConfigError(fmt::format("{}: {}", store.layout().directory().string(), refusal->message));
  }
  const auto& choice = std::get<RecoveryChoice>(chosen);
  for (const CheckpointCandidate& damaged : choice.passed_over) {
    log.warning("checkpoint {} is damaged and passed over: {}", damaged.number, damaged.damage);
  }
  if (!choice.number) {
    log.info("no checkpoint in {}: starts anew", store.layout().directory().string());
    return std::nullopt;
  }
  Manifest manifest = store.load(*choice.number);
  // The newer ones are going to be given up for it.
  if (wanted) {
    if (const auto damaged = store.damaged_blocks(manifest); !damaged.empty()) {
      throw ConfigError(fmt::format(
          "checkpoint {} cannot be restored: {}; `wallaroo checkpoints {} verify` tells which are "
          "whole",
          manifest.number, damaged.front(), store.layout().directory().string()));
    }
  }
  log.info("goes on from checkpoint {} in {}", manifest.number,
           store.layout().directory().string());
  return manifest;
}

}  // namespace wallaroo::internal
