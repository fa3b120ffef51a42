// The state of a stage on one executor, as checkpoints save and restore it.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "route/key_group.hpp"

namespace wallaroo::internal {

using KeyGroups = std::bitset<key_group_count>;

/// Throws StoredError when a key with this hash was not in group `group` of `groups`, a power of
/// two.
void check_group(std::size_t group, std::size_t groups, std::uint64_t hash);

/// Takes the bytes that are saved.
class SectionSink {
 public:
  virtual ~SectionSink() = default;
  /// Takes some entries of a group (key, value, key, value, ...). A group may have several
  /// sections; a section without entries says that the group has none.
  virtual void section(std::size_t group, std::string_view bytes, std::uint32_t entries) = 0;
};

/// The stage and the checkpoint of a save, for error messages. The name must outlive the save.
struct SavePurpose {
  std::string_view stage;
  std::uint64_t checkpoint = 0;
};

struct SaveStart {
  std::int64_t wall_offset_ns = 0;  ///< engine time + this = wall time
  KeyGroups owned;                  ///< the key groups of this executor
  KeyGroups also;                   ///< groups that are saved even if they have not changed
  SavePurpose place = {};
};

class KeyVisitor;

/// A key group of a checkpoint, which may have had fewer groups (see `become_groups`).
struct SavedGroup {
  SavedGroup(std::size_t number) : group(number) {}  // NOLINT: as long as there are as many groups
  SavedGroup(std::size_t number, std::size_t number_of_groups, const KeyGroups& owned_groups)
      : group(number), groups(number_of_groups), owned(&owned_groups) {}

  /// The group is one of today's.
  bool same() const { return groups == key_group_count; }
  /// Returns whether a key with this hash belongs to the executor that loads the group. Throws
  /// StoredError if it does not belong to the group.
  bool wanted(std::uint64_t hash) const {
    check_group(group, groups, hash);
    return same() || (*owned)[key_group(hash)];
  }

  std::size_t group;
  std::size_t groups = key_group_count;  ///< that the checkpoint has
  const KeyGroups* owned = nullptr;      ///< today's groups of the executor; null: not needed
};

/// What `StageState::save_instance` returned, in the order of the executors.
struct SavedInstances {
  std::string_view schema;
  std::span<const std::string> saved;
  /// By key group of the checkpoint: the index in `saved` of the executor that owned it. Empty: all
  /// groups belonged to one executor, or to all evenly.
  std::span<const std::uint16_t> owners = {};
};

/// One table of values by key. Used on one thread.
class StatePart {
 public:
  virtual ~StatePart() = default;

  /// The name of the part in checkpoints, such as "state", "timers" or "windows".
  virtual std::string_view name() const = 0;
  /// False when the user has declared that the values are not stored. Then no checkpoint can hold
  /// them, and the functions below must not be called.
  virtual bool storable() const = 0;
  virtual std::string key_schema() const = 0;
  virtual std::string value_schema() const = 0;
  /// The names of the fields of the values, see `field_names`; empty when nobody needs them.
  virtual std::vector<std::string> value_fields() const { return {}; }
  /// True for a part that older versions did not have: a checkpoint without it had no entries.
  virtual bool may_be_missing() const { return false; }

  /// Shows all keys that have a value now. Not for frequent use: it takes as long as there are
  /// keys.
  virtual void visit_keys(KeyVisitor& visitor) = 0;

  /// Begins a save of all groups that have changed since the last one, as they are now; later
  /// changes do not affect it.
  virtual void begin_save(const SaveStart& start) = 0;
  /// Saves about `budget` entries, which it counts down. Returns true when more is left. Every
  /// group that is saved gets at least one section.
  virtual bool save_some(std::size_t& budget, SectionSink& out) = 0;
  /// Called when the checkpoint of the last save has failed: its groups count as changed again.
  virtual void abandon_save() = 0;

  /// Called before the first section. Throws StoredError when values of these types cannot be read.
  virtual void begin_load(std::string_view key_schema, std::string_view value_schema,
                          std::int64_t wall_offset_ns) = 0;
  /// Announces how many entries all sections of a group have. Entries come in the order of their
  /// hashes, so a table that grew while it gets them would always be full in one place.
  virtual void expect(std::size_t /*group*/, std::size_t /*entries*/) {}
  /// Loads a section. Throws StoredError for bytes that do not fit the schemas.
  virtual void load(const SavedGroup& group, std::string_view bytes, std::uint32_t entries) = 0;
  /// Called after the last section.
  virtual void end_load() = 0;
};

/// The whole state of a stage on one executor.
class StageState {
 public:
  virtual ~StageState() = default;

  virtual std::vector<StatePart*> parts() = 0;

  /// The schema of what is kept besides values by key, such as the time of the stage's clock; empty
  /// when nothing is kept.
  virtual std::string instance_schema() const { return {}; }
  virtual std::string save_instance(std::int64_t /*wall_offset_ns*/) { return {}; }
  /// Restores the results of `save_instance`: only that of this executor if all executors have the
  /// groups that they had, otherwise those of all executors. Called after the parts were loaded.
  /// Throws StoredError.
  virtual void load_instances(const SavedInstances& /*instances*/,
                              std::int64_t /*wall_offset_ns*/) {}
};

}  // namespace wallaroo::internal
