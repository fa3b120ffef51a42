// Writing a checkpoint.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/log.hpp"
#include "checkpoint/files/checkpoint_files.hpp"
#include "checkpoint/store/manifest.hpp"
#include "checkpoint/store/manifest_draft.hpp"
#include "checkpoint/store/state_file.hpp"

namespace wallaroo::internal {

/// Publishes the checkpoint `number` whose encoded manifest this is: it is complete on return.
/// Throws IoError; then it may be complete or not. Nothing replaces a manifest that exists.
void publish_manifest(CheckpointFiles& files, std::uint64_t number, std::string_view manifest);

/// Writes one checkpoint of a single process; made by `CheckpointStore::begin`. Call `append` and
/// `carry_over` in any order, then `durable`, then `publish`. All throw IoError. The destructor
/// abandons a checkpoint that is not durable. Once it is, sinks may know its number: then the data
/// file stays, as after a crash, until `CheckpointStore::remove_failed_attempts` or `prune`.
class CheckpointWriter {
 public:
  /// `writer`: see Manifest::writer.
  CheckpointWriter(std::shared_ptr<CheckpointFiles> files, std::uint64_t number,
                   std::uint64_t writer, const Log& log);

  std::uint64_t number() const { return state_.id().number; }
  /// The bytes of the data file so far, with headers. Valid after `publish`, too.
  std::uint64_t written_bytes() const { return state_.written_bytes(); }

  /// `stage` and `part` of its sections are indexes into the manifest that will be published.
  void append(const StateBlock& block) { state_.append(block); }
  /// See ManifestDraft.
  void carry_over(const Manifest& previous, const StillTrue& still_true) {
    draft_.carry_over(previous, still_true);
  }
  /// When it returns, everything that was appended is on the disk.
  void durable();
  /// Adds number, blocks and sections, writes the manifest, and returns it: the checkpoint is
  /// complete. If it throws, the checkpoint may still be complete; `CheckpointStore::latest` tells.
  Manifest publish(Manifest manifest);
  /// Removes what was written. Does nothing once that is durable.
  void abandon() noexcept { state_.abandon(); }

 private:
  std::shared_ptr<CheckpointFiles> files_;
  std::uint64_t writer_;
  StateFile state_;
  ManifestDraft draft_;
  bool durable_ = false;
};

}  // namespace wallaroo::internal
