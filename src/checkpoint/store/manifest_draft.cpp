#include "checkpoint/store/manifest_draft.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "base/check.hpp"
#include "base/failpoint.hpp"
#include "checkpoint/store/manifest_file.hpp"

namespace wallaroo::internal {

namespace {

/// Stage, part and key group.
using Place = std::tuple<std::uint32_t, std::uint16_t, std::uint16_t>;

Place place_of(const ManifestSection& section) {
  return {section.stage, section.part, section.group};
}

template <class Named>
std::optional<std::size_t> index_of_name(const std::vector<Named>& all, std::string_view name) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Named& one) { return one.name == name; });
  return found == all.end() ? std::nullopt
                            : std::optional(static_cast<std::size_t>(found - all.begin()));
}

/// Keeps the elements of `all` that `index` of one of `users` refers to, and lets it refer to their
/// new places.
template <class Users, class Element, class Index>
void drop_unused(Users& users, std::vector<Element>& all, Index index) {
  std::vector<std::optional<std::size_t>> new_place(all.size());
  std::vector<Element> used;
  for (auto& user : users) {
    auto& place = new_place[user.*index];
    if (!place) {
      place = used.size();
      used.push_back(all[user.*index]);
    }
    user.*index = static_cast<std::remove_reference_t<decltype(user.*index)>>(*place);
  }
  all = std::move(used);
}

void forget_a_key_group(Manifest& manifest) {
  if (!manifest.sections.empty()) {
    const Place forgotten = place_of(manifest.sections.front());
    std::erase_if(manifest.sections,
                  [&](const ManifestSection& section) { return place_of(section) == forgotten; });
  }
}

}  // namespace

std::uint64_t ManifestDraft::index_of(const ManifestFile& file) {
  const auto found = std::find_if(files_.begin(), files_.end(),
                                  [&](const ManifestFile& one) { return one.id() == file.id(); });
  const auto index = static_cast<std::uint64_t>(found - files_.begin());
  if (found == files_.end()) {
    files_.push_back(file);
  }
  return index;
}

void ManifestDraft::add(const SavedState& saved) {
  const std::uint64_t file = index_of(saved.file);
  const auto first = static_cast<std::uint32_t>(blocks_.size());
  for (ManifestBlock block : saved.blocks) {
    block.file = file;
    blocks_.push_back(block);
  }
  for (ManifestSection section : saved.sections) {
    section.block += first;
    sections_.push_back(section);
  }
}

void ManifestDraft::carry_over(const Manifest& previous, const StillTrue& still_true) {
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
      blocks_.back().file = index_of(previous.files.at(blocks_.back().file));
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

void ManifestDraft::add_carried(const Carried& carried, Manifest& manifest) const {
  const auto stage = index_of_name(manifest.stages, carried.stage);
  const auto part = stage ? index_of_name(manifest.stages[*stage].parts, carried.part.name) : stage;
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

Manifest ManifestDraft::complete(Manifest manifest) const {
  check(!carried_key_groups_ || *carried_key_groups_ == manifest.key_groups,
        "key groups that are carried over are the same ones");
  manifest.files = files_;
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
  // Parts that the new manifest does not have.
  drop_unused(manifest.sections, manifest.blocks, &ManifestSection::block);
  drop_unused(manifest.blocks, manifest.files, &ManifestBlock::file);
  if (mutation("forget_key_group")) {
    forget_a_key_group(manifest);
  }
  const std::string contradiction = contradiction_in(manifest);
  check(contradiction.empty(), contradiction.c_str());
  return manifest;
}

}  // namespace wallaroo::internal
