// Writing a checkpoint.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <wallaroo/types/logging.hpp>

#include "base/log.hpp"
#include "checkpoint/store/data_file.hpp"
#include "checkpoint/store/manifest.hpp"
#include "checkpoint/store/store_layout.hpp"

namespace wallaroo::internal {

/// Returns whether the state of a key group is still as it is in the checkpoint before.
using StillTrue =
    std::function<bool(std::string_view stage, std::string_view part, std::uint16_t group)>;

/// Writes one checkpoint; made by `CheckpointStore::begin`. Call `append` and `carry_over` in any
/// order, then `durable`, then `publish`. All throw IoError. The destructor abandons a checkpoint
/// that was not published. Once it is durable, though, sinks may know its number: then the data
/// file stays, as after a crash, until `CheckpointStore::remove_failed_attempts` or `prune`.
class CheckpointWriter {
 public:
  CheckpointWriter(StoreLayout layout, std::uint64_t number, Log log);
  CheckpointWriter(CheckpointWriter&& other) noexcept;
  CheckpointWriter& operator=(CheckpointWriter&&) = delete;
  CheckpointWriter(const CheckpointWriter&) = delete;
  CheckpointWriter& operator=(const CheckpointWriter&) = delete;
  ~CheckpointWriter();

  std::uint64_t number() const { return number_; }
  /// The bytes of the data file so far, with headers. Valid after `publish`, too.
  std::uint64_t written_bytes() const { return written_bytes_; }

  /// `stage` and `part` of its sections are indexes into the manifest that will be published.
  void append(const StateBlock& block);
  /// Takes over the sections of `previous` that are `still_true`, without reading their bytes.
  /// Stages and parts are found by name; those that the new manifest does not have are left out.
  void carry_over(const Manifest& previous, const StillTrue& still_true);
  /// When it returns, everything that was appended is on the disk.
  void durable();
  /// Adds number, blocks and sections, writes the manifest, and returns it: the checkpoint is
  /// complete. If it throws, the checkpoint may still be complete; `CheckpointStore::latest` tells.
  Manifest publish(Manifest manifest);
  /// Removes what was written. Does nothing after `publish`, even one that threw.
  void abandon() noexcept;

 private:
  /// The sections that are carried over for one part of a stage.
  struct Carried {
    std::string stage;
    ManifestPart part;
    std::vector<ManifestSection> sections;  ///< `block` is an index into `blocks_`
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
