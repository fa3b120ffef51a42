#include "checkpoint/store/store_writer.hpp"

#include <algorithm>
#include <exception>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/check.hpp"
#include "base/failpoint.hpp"
#include "checkpoint/store/manifest_file.hpp"

namespace wallaroo::internal {

namespace {

constexpr FailpointGroup data_steps("store.data");
constexpr FailpointGroup manifest_steps("store.manifest");
constexpr FailpointGroup abandon_steps("store.abandon");

/// Stage, part and key group.
using Place = std::tuple<std::uint32_t, std::uint16_t, std::uint16_t>;

Place place_of(const ManifestSection& section) {
  return {section.stage, section.part, section.group};
}

template <class Named>
std::optional<std::size_t> index_of(const std::vector<Named>& all, std::string_view name) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Named& one) { return one.name == name; });
  return found == all.end() ? std::nullopt
                            : std::optional(static_cast<std::size_t>(found - all.begin()));
}

/// Drops the blocks of parts that the new manifest does not have.
void drop_unused_blocks(Manifest& manifest) {
  std::vector<std::optional<std::uint32_t>> new_index(manifest.blocks.size());
  std::vector<ManifestBlock> used;
  for (ManifestSection& section : manifest.sections) {
    auto& index = new_index[section.block];
    if (!index) {
      index = static_cast<std::uint32_t>(used.size());
      used.push_back(manifest.blocks[section.block]);
    }
    section.block = *index;
  }
  manifest.blocks = std::move(used);
}

void forget_a_key_group(Manifest& manifest) {
  if (!manifest.sections.empty()) {
    const Place forgotten = place_of(manifest.sections.front());
    std::erase_if(manifest.sections,
                  [&](const ManifestSection& section) { return place_of(section) == forgotten; });
  }
}

}  // namespace

CheckpointWriter::CheckpointWriter(StoreLayout layout, std::uint64_t number, Log log)
    : layout_(std::move(layout)), number_(number), log_(std::move(log)) {
  try {
    data_.emplace(layout_.data_file(number_), number_);
    written_bytes_ = data_->size();
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove(layout_.data_file(number_), ignored);
    throw;
  }
}

CheckpointWriter::CheckpointWriter(CheckpointWriter&& other) noexcept
    : layout_(std::move(other.layout_)),
      number_(other.number_),
      log_(std::move(other.log_)),
      data_(std::exchange(other.data_, std::nullopt)),
      blocks_(std::move(other.blocks_)),
      sections_(std::move(other.sections_)),
      carried_(std::move(other.carried_)),
      carried_key_groups_(other.carried_key_groups_),
      written_bytes_(other.written_bytes_),
      durable_(other.durable_) {}

CheckpointWriter::~CheckpointWriter() {
  if (!durable_) {
    abandon();
  }
}

void CheckpointWriter::append(const StateBlock& block) {
  check(data_.has_value(), "a checkpoint that is over gets no more state");
  for (const ManifestSection& section : block.sections) {
    check(std::uint64_t{section.offset} + section.length <= block.bytes.size(),
          "a section lies in its block");
  }
  if (block.bytes.empty()) {
    return;
  }
  durable_ = false;
  const auto index = static_cast<std::uint32_t>(blocks_.size());
  blocks_.push_back(data_->append(block.bytes));
  written_bytes_ = data_->size();
  for (ManifestSection section : block.sections) {
    section.block = index;
    sections_.push_back(section);
  }
}

void CheckpointWriter::carry_over(const Manifest& previous, const StillTrue& still_true) {
  check(!carried_key_groups_, "state is carried over from one checkpoint");
  carried_key_groups_ = previous.key_groups;
  std::map<std::uint32_t, std::uint32_t> new_blocks;
  std::map<std::pair<std::uint32_t, std::uint16_t>, Carried> by_part;
  for (ManifestSection section : previous.sections) {
    const ManifestStage& stage = previous.stages.at(section.stage);
    const ManifestPart& part = stage.parts.at(section.part);
    if (!still_true(stage.name, part.name, section.group)) {
      continue;
    }
    const auto [block, is_new] =
        new_blocks.try_emplace(section.block, static_cast<std::uint32_t>(blocks_.size()));
    if (is_new) {
      blocks_.push_back(previous.blocks.at(section.block));
    }
    section.block = block->second;
    Carried& carried =
        by_part.try_emplace({section.stage, section.part}, Carried{stage.name, part, {}})
            .first->second;
    carried.sections.push_back(section);
  }
  for (auto& [place, carried] : by_part) {
    carried_.push_back(std::move(carried));
  }
}

void CheckpointWriter::durable() {
  check(data_.has_value(), "a checkpoint that is over is not made durable");
  if (!mutation("skip_data_fsync_barrier")) {
    data_->sync();
    sync_directory(layout_.data(), data_steps);
  }
  durable_ = true;
}

void CheckpointWriter::add_carried(const Carried& carried, Manifest& manifest) const {
  const auto stage = index_of(manifest.stages, carried.stage);
  const auto part = stage ? index_of(manifest.stages[*stage].parts, carried.part.name) : stage;
  if (!part) {
    return;
  }
  check(same_types(manifest.stages[*stage].parts[*part], carried.part),
        "bytes that are carried over are of the type that the manifest says");
  for (ManifestSection section : carried.sections) {
    section.stage = static_cast<std::uint32_t>(*stage);
    section.part = static_cast<std::uint16_t>(*part);
    manifest.sections.push_back(section);
  }
}

void CheckpointWriter::add_sections_to(Manifest& manifest) const {
  check(!carried_key_groups_ || *carried_key_groups_ == manifest.key_groups,
        "key groups that are carried over are the same ones");
  manifest.number = number_;
  manifest.blocks = blocks_;
  manifest.sections = sections_;
  for (const Carried& carried : carried_) {
    add_carried(carried, manifest);
  }
  std::set<Place> saved;
  for (const ManifestSection& section : sections_) {
    saved.insert(place_of(section));
  }
  for (std::size_t i = sections_.size(); i < manifest.sections.size(); ++i) {
    check(!saved.contains(place_of(manifest.sections[i])),
          "a key group is saved or carried over, not both");
  }
}

Manifest CheckpointWriter::publish(Manifest manifest) {
  check(data_.has_value() && durable_, "a manifest is published once, after its state is durable");
  add_sections_to(manifest);
  drop_unused_blocks(manifest);
  if (mutation("forget_key_group")) {
    forget_a_key_group(manifest);
  }
  const std::string contradiction = contradiction_in(manifest);
  check(contradiction.empty(), contradiction.c_str());
  // From here on the manifest may exist, and then the data file must stay.
  data_.reset();
  publish_file(layout_.manifest(number_), encode_manifest(manifest), manifest_steps);
  return manifest;
}

void CheckpointWriter::abandon() noexcept {
  if (!data_) {
    return;
  }
  data_.reset();
  try {
    remove_file(layout_.data_file(number_), abandon_steps);
  } catch (const std::exception& error) {
    // The file is removed when the directory is opened the next time.
    log_.warning("checkpoint {} was abandoned, but its data file remains: {}", number_,
                 error.what());
  }
}

}  // namespace wallaroo::internal
