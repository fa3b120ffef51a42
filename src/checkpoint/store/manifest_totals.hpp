// Totals of a manifest: keys and bytes of each part, and which files are mostly unused.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "checkpoint/store/manifest.hpp"

namespace wallaroo::internal {

/// A key group of a part of a stage, as indexes into the manifest's stages and their parts.
struct PartGroup {
  std::uint32_t stage = 0;
  std::uint16_t part = 0;
  std::uint16_t group = 0;

  friend auto operator<=>(const PartGroup&, const PartGroup&) = default;
};

/// The state of one part of a stage.
struct PartTotals {
  std::string stage;
  std::string part;
  std::uint64_t keys = 0;
  std::uint64_t bytes = 0;  ///< before compression
};

/// Returns the totals of every part of every stage, in the manifest's order.
std::vector<PartTotals> part_totals(const Manifest& manifest);

/// Compressed bytes of all blocks that the checkpoint refers to, also in older files.
std::uint64_t stored_bytes_of(const Manifest& manifest);
/// Compressed bytes of the blocks that this checkpoint has written itself.
std::uint64_t written_bytes_of(const Manifest& manifest);

/// How many bytes each data file must at least have.
using DataNeeds = std::map<DataFileId, std::uint64_t>;

DataNeeds data_needs(const Manifest& manifest);

/// See CheckpointStore::sparse. `sizes`: the bytes of blocks, with their headers, in each of the
/// manifest's files. A block counts only with the share that sections refer to.
std::vector<PartGroup> sparse_places(const Manifest& manifest,
                                     const std::vector<std::uint64_t>& sizes, double fraction);

}  // namespace wallaroo::internal
