// The manifest: everything a checkpoint consists of, or refers to.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace wallaroo::internal {

/// One of the tables of values by key that a stage keeps ("state", "timers", "windows"...).
struct ManifestPart {
  std::string name;
  std::string key_schema;  ///< as Schema::text() gives them
  std::string value_schema;
  /// The fields of the structs in a value, see `field_names`. Checkpoints of older versions have
  /// none.
  std::vector<std::string> value_fields = {};

  friend bool operator==(const ManifestPart&, const ManifestPart&) = default;
};

/// Returns whether state that was saved for one part can be read for the other. `value_fields` may
/// differ, because checkpoints of older versions have none.
inline bool same_types(const ManifestPart& a, const ManifestPart& b) {
  return a.name == b.name && a.key_schema == b.key_schema && a.value_schema == b.value_schema;
}

/// A stage that keeps something.
struct ManifestStage {
  std::string name;
  std::string kind;             ///< as in --explain: "state", "window", "join", "event time"
  std::string instance_schema;  ///< schema of what is kept once per executor; empty: nothing is
  std::vector<ManifestPart> parts;

  friend bool operator==(const ManifestStage&, const ManifestStage&) = default;
};

/// The state that a stage keeps once on an executor, rather than by key.
struct ManifestInstance {
  std::uint32_t stage = 0;  ///< index into Manifest::stages
  std::uint32_t executor = 0;
  std::string bytes;

  friend bool operator==(const ManifestInstance&, const ManifestInstance&) = default;
};

struct ManifestPosition {
  std::string partition;
  std::string bytes;

  friend bool operator==(const ManifestPosition&, const ManifestPosition&) = default;
};

struct ManifestSource {
  std::string name;
  std::vector<ManifestPosition> positions;
  /// The source has delivered everything there will ever be, so it is not read again.
  bool ended = false;

  friend bool operator==(const ManifestSource&, const ManifestSource&) = default;
};

struct ManifestSink {
  std::string name;
  std::string prepared;  ///< its writer's vote

  friend bool operator==(const ManifestSink&, const ManifestSink&) = default;
};

/// A compressed piece of a data file.
struct ManifestBlock {
  std::uint64_t file = 0;          ///< the number of the checkpoint that wrote the data file
  std::uint64_t offset = 0;        ///< of the block's header in that file
  std::uint32_t stored_bytes = 0;  ///< compressed, without the header
  std::uint32_t raw_bytes = 0;
  std::uint64_t checksum = 0;  ///< XXH3, 64 bits, of the stored bytes

  friend bool operator==(const ManifestBlock&, const ManifestBlock&) = default;
};

/// Entries (key, value, key, value, ...) of one key group of one part of a stage. A group's entries
/// may be in several sections.
struct ManifestSection {
  std::uint32_t stage = 0;  ///< index into Manifest::stages
  std::uint16_t part = 0;   ///< index into ManifestStage::parts
  std::uint16_t group = 0;
  std::uint32_t block = 0;   ///< index into Manifest::blocks
  std::uint32_t offset = 0;  ///< in the raw bytes of the block
  std::uint32_t length = 0;
  std::uint32_t entries = 0;

  friend bool operator==(const ManifestSection&, const ManifestSection&) = default;
};

struct Manifest {
  std::uint64_t number = 0;
  std::string application;
  std::string engine_version;
  std::int64_t started_wall_ns = 0;  ///< since the Unix epoch
  std::int64_t duration_ns = 0;      ///< until just before the manifest was written
  std::uint32_t executors = 0;
  std::uint32_t key_groups = 0;
  std::vector<ManifestStage> stages;
  std::vector<ManifestInstance> instances;
  std::vector<ManifestSource> sources;
  std::vector<ManifestSink> sinks;
  std::vector<ManifestBlock> blocks;
  std::vector<ManifestSection> sections;
  /// The application's clock, since the Unix epoch. No ingest time in the checkpoint is later.
  /// 0: unknown.
  std::int64_t clock_ns = 0;

  friend bool operator==(const Manifest&, const Manifest&) = default;
};

/// Saved state on its way to the data file: sections that lie in the bytes one after the other.
/// `ManifestSection::block` is not set yet.
struct StateBlock {
  std::string bytes;
  std::vector<ManifestSection> sections;
};

}  // namespace wallaroo::internal
