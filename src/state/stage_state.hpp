// What a checkpoint holds of a stage on one executor, and how it is asked for and given back.
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

/// Takes what is saved.
class SectionSink {
 public:
  virtual ~SectionSink() = default;
  /// Some entries (key, value, key, value, ...) of a group, whose sections may be several. One
  /// without entries says that the group has none.
  virtual void section(std::size_t group, std::string_view bytes, std::uint32_t entries) = 0;
};

/// For what purpose something is saved, for error messages. The name outlives the save.
struct SavePlace {
  std::string_view stage;
  std::uint64_t checkpoint = 0;
};

struct SaveStart {
  std::int64_t wall_offset_ns = 0;  ///< engine time + this = wall time
  KeyGroups owned;                  ///< of the stage's groups, those of this executor
  KeyGroups also;                   ///< of them, those to be saved although they have not changed
  SavePlace place = {};
};

/// One table of values by key. On one thread.
class StatePart {
 public:
  virtual ~StatePart() = default;

  /// "state", "timers", "windows"...
  virtual std::string_view name() const = 0;
  /// The user has said that the type of its values is not to be stored: it cannot be in any
  /// checkpoint, and the functions below must not be called.
  virtual bool storable() const = 0;
  virtual std::string key_schema() const = 0;
  virtual std::string value_schema() const = 0;
  /// The names of the fields in the values, see `field_names`; empty when nobody needs to know.
  virtual std::vector<std::string> value_fields() const { return {}; }
  /// It is younger than the format: where a checkpoint does not have it, nothing was in it.
  virtual bool may_be_missing() const { return false; }

  /// What has changed since the last save is to be saved as it is now, whatever happens to it from
  /// here on.
  virtual void begin_save(const SaveStart& start) = 0;
  /// Saves about `budget` entries, which it counts down. True when more is left. Of every group
  /// that is saved there is one section at least.
  virtual bool save_some(std::size_t& budget, SectionSink& out) = 0;
  /// The checkpoint of the last save failed: what it was to hold has still changed.
  virtual void abandon_save() = 0;

  /// Before the first of the sections. Throws StoredError when the types have changed so that
  /// these cannot be read.
  virtual void begin_load(std::string_view key_schema, std::string_view value_schema,
                          std::int64_t wall_offset_ns) = 0;
  /// How many entries the sections of a group will have in all. Entries are saved in the order of
  /// their hashes: a table that grows while it gets them would be full in one place all the time.
  virtual void expect(std::size_t /*group*/, std::size_t /*entries*/) {}
  /// Throws StoredError for bytes that are not what the schemas say.
  virtual void load(std::size_t group, std::string_view bytes, std::uint32_t entries) = 0;
  /// After the last section.
  virtual void end_load() = 0;
};

/// All that a stage keeps on one executor.
class StageState {
 public:
  virtual ~StageState() = default;

  virtual std::vector<StatePart*> parts() = 0;

  /// What is kept besides values by key (how far its clock has come); empty when nothing is.
  virtual std::string instance_schema() const { return {}; }
  virtual std::string save_instance(std::int64_t /*wall_offset_ns*/) { return {}; }
  /// What the executors of the checkpoint kept: only that of this one, when there were as many,
  /// else that of all, in the order of the executors. After the parts were loaded. Throws
  /// StoredError.
  virtual void load_instances(std::string_view /*schema*/, std::span<const std::string> /*saved*/,
                              std::int64_t /*wall_offset_ns*/) {}
};

}  // namespace wallaroo::internal
