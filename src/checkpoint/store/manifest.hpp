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
  std::uint32_t stage = 0;     ///< index into Manifest::stages
  std::uint32_t executor = 0;  ///< counted over all members
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
  std::string prepared;        ///< its writer's vote
  std::uint32_t instance = 0;  ///< which of its writers; 0 unless the sink has several

  friend bool operator==(const ManifestSink&, const ManifestSink&) = default;
};

/// Which data file: its name says all of this.
struct DataFileId {
  std::uint64_t number = 0;      ///< of the checkpoint that wrote it
  std::uint64_t generation = 0;  ///< 0: a single process wrote it
  std::uint32_t member = 0;      ///< the index of the worker that wrote it, in its generation

  friend auto operator<=>(const DataFileId&, const DataFileId&) = default;
};

/// A data file that a checkpoint refers to. The first fields are those of its DataFileId.
struct ManifestFile {
  std::uint64_t number = 0;
  std::uint64_t generation = 0;
  std::uint32_t member = 0;
  std::uint64_t bytes = 0;  ///< its size; 0: unknown, as in checkpoints of format 1

  DataFileId id() const { return {number, generation, member}; }
  friend bool operator==(const ManifestFile&, const ManifestFile&) = default;
};

/// A compressed piece of a data file.
struct ManifestBlock {
  std::uint64_t file = 0;          ///< index into Manifest::files
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

/// A worker that took part in the checkpoint.
struct ManifestMember {
  std::string worker;
  std::uint32_t executors = 0;

  friend bool operator==(const ManifestMember&, const ManifestMember&) = default;
};

struct Manifest {
  std::uint64_t number = 0;
  std::string application;
  std::string engine_version;
  std::int64_t started_wall_ns = 0;  ///< since the Unix epoch
  std::int64_t duration_ns = 0;      ///< until just before the manifest was written
  std::uint32_t executors = 0;       ///< of all members together
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
  std::uint64_t generation = 0;         ///< 0: of a single process
  std::vector<ManifestMember> members;  ///< of the generation; none: a single process
  std::vector<std::uint16_t> owners;    ///< [key group]: its executor; empty: unknown
  std::vector<ManifestFile> files;
  /// A number that no other process gives the manifests that it writes: whoever creates one, and
  /// does not know whether that succeeded, knows its own by it.
  std::uint64_t writer = 0;

  friend bool operator==(const Manifest&, const Manifest&) = default;
};

/// Saved state on its way to the data file: sections that lie in the bytes one after the other.
/// `ManifestSection::block` is not set yet.
struct StateBlock {
  std::string bytes;
  std::vector<ManifestSection> sections;
};

}  // namespace wallaroo::internal
