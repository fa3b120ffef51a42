// Puts the manifest of a checkpoint together.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/store/manifest.hpp"
#include "checkpoint/store/state_file.hpp"

namespace wallaroo::internal {

/// Returns whether the state of a key group is still as it is in the checkpoint before.
using StillTrue =
    std::function<bool(std::string_view stage, std::string_view part, std::uint16_t group)>;

/// What all workers have saved for a checkpoint, and what is carried over from the one before.
class ManifestDraft {
 public:
  /// `stage` and `part` of the sections are indexes into the manifest that will be made.
  void add(const SavedState& saved);
  /// Takes over the sections of `previous` that are `still_true`, without reading their bytes.
  /// Stages and parts are found by name; those that the new manifest does not have are left out.
  void carry_over(const Manifest& previous, const StillTrue& still_true);
  /// Adds files, blocks and sections to `manifest`, which has everything else.
  Manifest complete(Manifest manifest) const;

 private:
  /// The sections that are carried over for one part of a stage.
  struct Carried {
    std::string stage;
    ManifestPart part;
    std::vector<ManifestSection> sections;  ///< `block` is an index into `blocks_`
  };

  std::uint64_t index_of(const ManifestFile& file);
  void add_carried(const Carried& carried, Manifest& manifest) const;

  std::vector<ManifestFile> files_;
  std::vector<ManifestBlock> blocks_;
  std::vector<ManifestSection> sections_;
  std::vector<Carried> carried_;
  std::optional<std::uint32_t> carried_key_groups_;
};

}  // namespace wallaroo::internal
