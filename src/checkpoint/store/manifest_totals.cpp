#include "checkpoint/store/manifest_totals.hpp"

#include <algorithm>
#include <set>

#include "checkpoint/store/data_file.hpp"

namespace wallaroo::internal {

std::vector<PartTotals> part_totals(const Manifest& manifest) {
  std::vector<PartTotals> totals;
  std::vector<std::size_t> first_of_stage;
  for (const ManifestStage& stage : manifest.stages) {
    first_of_stage.push_back(totals.size());
    for (const ManifestPart& part : stage.parts) {
      totals.push_back({stage.name, part.name, 0, 0});
    }
  }
  for (const ManifestSection& section : manifest.sections) {
    PartTotals& part = totals.at(first_of_stage.at(section.stage) + section.part);
    part.keys += section.entries;
    part.bytes += section.length;
  }
  return totals;
}

std::uint64_t stored_bytes_of(const Manifest& manifest) {
  std::uint64_t bytes = 0;
  for (const ManifestBlock& block : manifest.blocks) {
    bytes += block.stored_bytes;
  }
  return bytes;
}

std::uint64_t written_bytes_of(const Manifest& manifest) {
  std::uint64_t bytes = 0;
  for (const ManifestBlock& block : manifest.blocks) {
    const bool own = manifest.files.at(block.file).number == manifest.number;
    bytes += own ? block.stored_bytes : 0;
  }
  return bytes;
}

DataNeeds data_needs(const Manifest& manifest) {
  DataNeeds needs;
  for (const ManifestBlock& block : manifest.blocks) {
    std::uint64_t& bytes = needs[manifest.files.at(block.file).id()];
    bytes = std::max(bytes, end_of(block));
  }
  return needs;
}

std::vector<PartGroup> sparse_places(const Manifest& manifest,
                                     const std::vector<std::uint64_t>& sizes, double fraction) {
  std::vector<double> used(manifest.files.size());
  for (const ManifestSection& section : manifest.sections) {
    const ManifestBlock& block = manifest.blocks.at(section.block);
    const double share = static_cast<double>(section.length) / block.raw_bytes;
    used.at(block.file) += share * static_cast<double>(block.stored_bytes + block_header_bytes);
  }
  std::set<PartGroup> places;
  for (const ManifestSection& section : manifest.sections) {
    const std::uint64_t file = manifest.blocks.at(section.block).file;
    if (used.at(file) < fraction * static_cast<double>(sizes.at(file))) {
      places.insert({section.stage, section.part, section.group});
    }
  }
  return {places.begin(), places.end()};
}

}  // namespace wallaroo::internal
