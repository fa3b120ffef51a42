// Collects what checkpoints would hold of a part of a state, for tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "state/stage_state.hpp"

namespace wallaroo::internal::save_rig {

/// The sections of the last complete checkpoint, each from the newest save that had its group, and
/// those of a checkpoint that is being made.
class Saves final : public SectionSink {
 public:
  struct Section {
    std::string bytes;
    std::uint32_t entries;
  };
  using Sections = std::map<std::size_t, std::vector<Section>>;

  void section(std::size_t group, std::string_view bytes, std::uint32_t entries) override {
    draft_[group].push_back({std::string(bytes), entries});
  }
  /// Completes the checkpoint that is being made.
  void complete() {
    for (auto& [group, sections] : draft_) {
      complete_[group] = std::move(sections);
    }
    draft_.clear();
  }
  void abandon() { draft_.clear(); }
  const Sections& draft() const { return draft_; }
  const Sections& sections() const { return complete_; }

  /// Loads the last complete checkpoint. Like the engine it skips sections without entries.
  void restore(StatePart& into, const KeyGroups& owned, std::int64_t wall_offset_ns = 0) const {
    into.begin_load(into.key_schema(), into.value_schema(), wall_offset_ns);
    for (const auto& [group, sections] : complete_) {
      for (const Section& section : sections) {
        if (owned[group] && section.entries != 0) {
          into.load(group, section.bytes, section.entries);
        }
      }
    }
    into.end_load();
  }
  /// The same if the checkpoint had only `groups` key groups.
  void restore_from_fewer(std::size_t groups, StatePart& into, const KeyGroups& owned) const {
    into.begin_load(into.key_schema(), into.value_schema(), 0);
    for (const auto& [group, sections] : complete_) {
      for (const Section& section : sections) {
        if (section.entries != 0) {
          into.load({group % groups, groups, owned}, section.bytes, section.entries);
        }
      }
    }
    into.end_load();
  }

 private:
  Sections complete_;
  Sections draft_;
};

inline KeyGroups all_groups() { return KeyGroups().set(); }

/// Saves all that is left, in slices of random size.
inline void save_rest(StatePart& part, Saves& saves, std::mt19937& random) {
  for (bool more = true; more;) {
    std::size_t budget = random() % 50;
    more = part.save_some(budget, saves);
  }
}

}  // namespace wallaroo::internal::save_rig
