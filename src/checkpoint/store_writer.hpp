// Writing a checkpoint.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <wallaroo/logging.hpp>

#include "base/log.hpp"
#include "checkpoint/data_file.hpp"
#include "checkpoint/manifest.hpp"
#include "checkpoint/store_layout.hpp"

namespace wallaroo::internal {

/// Whether the state of a key group in the checkpoint before is still what it is now.
using StillTrue =
    std::function<bool(std::string_view stage, std::string_view part, std::uint16_t group)>;

/// From `CheckpointStore::begin`: `append` and `carry_over` in any order, then `durable`, then
/// `publish`. All throw IoError. One that goes without having been published abandons it; but once
/// it is durable sinks may know its number, so its data file stays then, as after a crash, until
/// `CheckpointStore::remove_failed_attempts` or `prune`.
class CheckpointWriter {
 public:
  CheckpointWriter(StoreLayout layout, std::uint64_t number, Log log);
  CheckpointWriter(CheckpointWriter&& other) noexcept;
  CheckpointWriter& operator=(CheckpointWriter&&) = delete;
  CheckpointWriter(const CheckpointWriter&) = delete;
  CheckpointWriter& operator=(const CheckpointWriter&) = delete;
  ~CheckpointWriter();

  std::uint64_t number() const { return number_; }
  /// Of the data file so far, headers among them; also after `publish`.
  std::uint64_t written_bytes() const { return written_bytes_; }

  /// The stages and parts of its sections are indexes into the manifest that will be published.
  void append(const StateBlock& block);
  /// Takes over the sections of `previous` that are `still_true`, without their bytes being read.
  /// Stages and parts keep their names; those that the new manifest does not have are left out.
  void carry_over(const Manifest& previous, const StillTrue& still_true);
  /// What was appended is on the disk when it returns.
  void durable();
  /// Adds number, blocks and sections, writes the manifest, and returns it: the checkpoint is
  /// complete. When it throws it may be complete all the same: `CheckpointStore::latest` tells.
  Manifest publish(Manifest manifest);
  /// Removes what was written. Does nothing after `publish`, even one that threw.
  void abandon() noexcept;

 private:
  /// What is carried over of one part of a stage.
  struct Carried {
    std::string stage;
    ManifestPart part;
    std::vector<ManifestSection> sections;  ///< their blocks are those of `blocks_`
  };

  void add_sections_to(Manifest& manifest) const;
  void add_carried(const Carried& carried, Manifest& manifest) const;

  StoreLayout layout_;
  std::uint64_t number_;
  Log log_;
  std::optional<DataFileWriter> data_;
  std::vector<ManifestBlock> blocks_;
  std::vector<ManifestSection> sections_;
  std::vector<Carried> carried_;
  std::optional<std::uint32_t> carried_key_groups_;
  std::uint64_t written_bytes_ = 0;
  bool durable_ = false;
};

}  // namespace wallaroo::internal
