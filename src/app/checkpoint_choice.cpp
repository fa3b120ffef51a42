#include "app/checkpoint_choice.hpp"

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "base/option_check.hpp"
#include "checkpoint/protocol/recovery.hpp"

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
  const OptionCheck check("checkpoints");
  check.path("directory", options.directory);
  check.duration("interval", options.interval, std::chrono::nanoseconds(1));
  check.duration("timeout", options.timeout, std::chrono::nanoseconds(1));
  check.at_least("retain", options.retain, 1);
}

CheckpointSettings checkpoint_settings(const CheckpointOptions& options) {
  return {options.interval.count(), options.timeout.count(), options.retain, options.failures};
}

namespace {

// Checked first: other differences from another application's checkpoint mean nothing.
void require_application(const Manifest& manifest, const std::string& application,
                         const std::string& directory) {
  if (manifest.application != application) {
    throw ConfigError(
        fmt::format("the checkpoints in '{}' are of the application '{}', and this one is '{}'; "
                    "give this one a directory of its own, or its old name if it was renamed",
                    directory, manifest.application, application));
  }
}

// This start will delete the newer checkpoints, so this one must be whole.
void require_whole(const CheckpointStore& store, const Manifest& manifest) {
  if (const auto damaged = store.damaged_blocks(manifest); !damaged.empty()) {
    throw ConfigError(fmt::format(
        "checkpoint {} cannot be restored: {}; `wallaroo checkpoints {} verify` tells which are "
        "whole",
        manifest.number, damaged.front(), store.layout().directory().string()));
  }
}

}  // namespace

std::optional<Manifest> choose_restored(const CheckpointStore& store,
                                        const WantedCheckpoint& wanted, const Log& log) {
  const std::string directory = store.layout().directory().string();
  const auto chosen = choose_checkpoint(store.candidates(), wanted.number);
  if (const auto* refusal = std::get_if<RecoveryRefusal>(&chosen)) {
    throw ConfigError(fmt::format("{}: {}", directory, refusal->message));
  }
  const auto& choice = std::get<RecoveryChoice>(chosen);
  for (const CheckpointCandidate& damaged : choice.passed_over) {
    log.warning("checkpoint {} is damaged and passed over: {}", damaged.number, damaged.damage);
  }
  if (!choice.number) {
    return std::nullopt;
  }
  Manifest manifest = store.load(*choice.number);
  require_application(manifest, wanted.application, directory);
  if (wanted.number) {
    require_whole(store, manifest);
  }
  return manifest;
}

std::string advice_for_damaged(const CheckpointStore& store, std::uint64_t number) {
  for (const StoredCheckpoint& older : store.list()) {
    if (older.number < number && older.damage.empty() &&
        store.damaged_blocks(older.manifest).empty()) {
      return fmt::format(
          "checkpoint {} is whole: to go back to it, and process again what came since, start once "
          "with --restore {}",
          older.number, older.number);
    }
  }
  return "there is no older checkpoint that is whole: bring back a whole copy of the directory, or "
         "give an empty one to start anew; then committed output comes out again";
}

}  // namespace wallaroo::internal
