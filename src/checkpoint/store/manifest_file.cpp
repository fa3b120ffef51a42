#include "checkpoint/store/manifest_file.hpp"

#include <array>
#include <cstring>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "base/short_bytes.hpp"
#include "record/stored/stored_read.hpp"
#include "record/stored/stored_schema.hpp"
#include "record/stored/stored_write.hpp"
#include "route/key_group.hpp"

namespace wallaroo::internal {

namespace {

constexpr std::string_view magic = "WALLMNFT";

/// The same in all versions of the format. The checksum covers all bytes that follow it.
struct Envelope {
  std::array<char, 8> magic;
  std::uint64_t checksum = 0;
  std::uint32_t format = 0;
  std::uint32_t reserved = 0;
  std::uint64_t body_bytes = 0;
};
static_assert(sizeof(Envelope) == 32);
constexpr std::size_t checksummed_from = 16;
constexpr std::uint32_t most_key_groups = 65536;  // a section has 16 bits for its group

/// Returns nothing if the bytes are not a whole manifest of any version.
std::optional<Envelope> whole_envelope(std::string_view bytes) {
  Envelope envelope{};
  if (bytes.size() < sizeof(Envelope)) {
    return std::nullopt;
  }
  std::memcpy(&envelope, bytes.data(), sizeof(Envelope));
  if (!bytes.starts_with(magic) || envelope.body_bytes != bytes.size() - sizeof(Envelope) ||
      envelope.checksum != hash_long(bytes.substr(checksummed_from))) {
    return std::nullopt;
  }
  return envelope;
}

void refuse_newer(const Envelope& envelope, std::string_view name) {
  if (envelope.format > checkpoint_format) {
    throw NewerFormatError(fmt::format(
        "{} is of format {}, and this version of wallaroo reads checkpoints up to format {}; use "
        "the version that wrote it or a newer one",
        name, envelope.format, checkpoint_format));
  }
}

[[noreturn]] void damaged(std::string_view name, std::string_view how) {
  throw DamagedError(fmt::format("{} is damaged: {}", name, how));
}

/// In format 1 a block had the number of its file, and executors shared the groups evenly.
void upgrade_from_format_1(Manifest& manifest) {
  std::map<std::uint64_t, std::uint64_t> index_of;
  for (const ManifestBlock& block : manifest.blocks) {
    index_of.try_emplace(block.file);
  }
  manifest.files.clear();
  for (auto& [number, index] : index_of) {
    index = manifest.files.size();
    manifest.files.push_back({number, 0, 0, 0});
  }
  for (ManifestBlock& block : manifest.blocks) {
    block.file = index_of.at(block.file);
  }
  manifest.owners.clear();
  if (manifest.executors == 0 || manifest.key_groups > most_key_groups) {
    return;
  }
  for (std::size_t group = 0; group < manifest.key_groups; ++group) {
    manifest.owners.push_back(even_owner(group, manifest.executors, manifest.key_groups));
  }
}

std::string file_contradiction(const Manifest& manifest) {
  for (const ManifestFile& file : manifest.files) {
    if (file.number == 0 || file.number > manifest.number) {
      return fmt::format("checkpoint {} has a block in data file {}", manifest.number, file.number);
    }
  }
  for (const ManifestBlock& block : manifest.blocks) {
    if (block.file >= manifest.files.size()) {
      return fmt::format("it has a block in file {} of {}", block.file, manifest.files.size());
    }
  }
  return {};
}

std::string member_contradiction(const Manifest& manifest) {
  if (manifest.key_groups > most_key_groups) {
    return fmt::format("it has {} key groups, and there can be {}", manifest.key_groups,
                       most_key_groups);
  }
  std::uint64_t executors = 0;
  for (const ManifestMember& member : manifest.members) {
    executors += member.executors;
  }
  if (!manifest.members.empty() && executors != manifest.executors) {
    return fmt::format("its members have {} executors of {}", executors, manifest.executors);
  }
  if (!manifest.owners.empty() && manifest.owners.size() != manifest.key_groups) {
    return fmt::format("it has owners of {} key groups of {}", manifest.owners.size(),
                       manifest.key_groups);
  }
  for (const std::uint16_t owner : manifest.owners) {
    if (owner >= manifest.executors) {
      return fmt::format("executor {} of {} owns a key group", owner, manifest.executors);
    }
  }
  return {};
}

std::string stage_contradiction(const Manifest& manifest) {
  for (const ManifestInstance& instance : manifest.instances) {
    if (instance.stage >= manifest.stages.size()) {
      return fmt::format("it has state of stage {} of {}", instance.stage, manifest.stages.size());
    }
  }
  return {};
}

std::string section_contradiction(const Manifest& manifest, const ManifestSection& section) {
  if (section.stage >= manifest.stages.size() ||
      section.part >= manifest.stages[section.stage].parts.size()) {
    return fmt::format("it has state of stage {}, part {}, which it does not have", section.stage,
                       section.part);
  }
  if (section.group >= manifest.key_groups) {
    return fmt::format("it has state of key group {} of {}", section.group, manifest.key_groups);
  }
  if (section.block >= manifest.blocks.size()) {
    return fmt::format("it has state in block {} of {}", section.block, manifest.blocks.size());
  }
  const std::uint64_t end = std::uint64_t{section.offset} + section.length;
  if (end > manifest.blocks[section.block].raw_bytes) {
    return fmt::format("it has state beyond the end of block {}", section.block);
  }
  return {};
}

}  // namespace

std::string encode_manifest(const Manifest& manifest, std::uint32_t format) {
  StoredWriter body;
  const std::string schema = schema_of<Manifest>().text();
  body.put(static_cast<std::uint32_t>(schema.size()));
  body.put_bytes(schema.data(), schema.size());
  store(manifest, body);
  Envelope envelope{{}, 0, format, 0, body.size()};
  std::memcpy(envelope.magic.data(), magic.data(), magic.size());
  std::string bytes(sizeof(Envelope), '\0');
  bytes += body.bytes();
  std::memcpy(bytes.data(), &envelope, sizeof(Envelope));
  envelope.checksum = hash_long(std::string_view(bytes).substr(checksummed_from));
  std::memcpy(bytes.data(), &envelope, sizeof(Envelope));
  return bytes;
}

Manifest decode_manifest(std::string_view bytes, std::string_view name) {
  const auto envelope = whole_envelope(bytes);
  if (!envelope) {
    damaged(name, "its bytes are not those that were written");
  }
  refuse_newer(*envelope, name);
  Manifest manifest;
  try {
    StoredReader body(bytes.substr(sizeof(Envelope)));
    const auto schema_bytes = body.get<std::uint32_t>();
    const Schema schema = Schema::parse(body.get_bytes(schema_bytes));
    manifest = Loader<Manifest>(schema)(body);
    if (!body.empty()) {
      damaged(name, "there are bytes after its end");
    }
  } catch (const StoredError& error) {
    damaged(name, error.what());
  }
  if (envelope->format == 1) {
    upgrade_from_format_1(manifest);
  }
  if (const std::string contradiction = contradiction_in(manifest); !contradiction.empty()) {
    damaged(name, contradiction);
  }
  return manifest;
}

void refuse_newer_format(std::string_view bytes, std::string_view name) {
  if (const auto envelope = whole_envelope(bytes)) {
    refuse_newer(*envelope, name);
  }
}

std::string contradiction_in(const Manifest& manifest) {
  for (std::string found : {file_contradiction(manifest), member_contradiction(manifest)}) {
    if (!found.empty()) {
      return found;
    }
  }
  for (const ManifestSection& section : manifest.sections) {
    if (std::string found = section_contradiction(manifest, section); !found.empty()) {
      return found;
    }
  }
  return stage_contradiction(manifest);
}

}  // namespace wallaroo::internal
