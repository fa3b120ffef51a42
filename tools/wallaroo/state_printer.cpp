#include "wallaroo/state_printer.hpp"

#include <limits>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <boost/json.hpp>

#include <wallaroo/types/error.hpp>

#include "record/stored/stored_bytes.hpp"
#include "record/stored/stored_json.hpp"

namespace wallaroo::tool {

namespace {

using internal::Manifest;
using internal::ManifestPart;
using internal::ManifestSection;
using internal::ManifestStage;
using internal::Schema;
using internal::SchemaKind;
using internal::StoredReader;

std::string json_text(std::string_view text) {
  return boost::json::serialize(boost::json::string_view(text.data(), text.size()));
}

std::string names_of(const std::vector<ManifestStage>& stages) {
  std::string names;
  for (const ManifestStage& stage : stages) {
    names += names.empty() ? "" : ", ";
    names += fmt::format("'{}'", stage.name);
  }
  return names.empty() ? "it has none" : "it has " + names;
}

std::uint32_t stage_of(const Manifest& manifest, std::string_view name) {
  for (std::size_t i = 0; i < manifest.stages.size(); ++i) {
    if (manifest.stages[i].name == name) {
      return static_cast<std::uint32_t>(i);
    }
  }
  throw IoError(fmt::format("checkpoint {} has no state of a stage '{}'; {}", manifest.number, name,
                            names_of(manifest.stages)));
}

}  // namespace

StatePrinter::StatePrinter(internal::CheckpointReader reader, const Manifest& manifest,
                           std::string_view stage, std::optional<std::string> key)
    : reader_(std::move(reader)),
      manifest_(manifest),
      key_(std::move(key)),
      stage_(stage_of(manifest, stage)) {}

std::size_t StatePrinter::print(std::FILE* out) const {
  std::size_t lines = key_ ? 0 : print_instances(out);
  std::vector<Types> types;
  for (const ManifestPart& part : manifest_.stages[stage_].parts) {
    types.push_back(
        {Schema::parse(part.key_schema), Schema::parse(part.value_schema), part.value_fields});
  }
  // Sections that share a block mostly follow each other.
  std::uint32_t in_memory = std::numeric_limits<std::uint32_t>::max();
  std::string block;
  for (const ManifestSection& section : manifest_.sections) {
    if (section.stage != stage_) {
      continue;
    }
    if (section.block != in_memory) {
      block = reader_.block(section.block);
      in_memory = section.block;
    }
    const auto bytes = std::string_view(block).substr(section.offset, section.length);
    lines += print_section(section, bytes, types.at(section.part), out);
  }
  return lines;
}

std::size_t StatePrinter::print_instances(std::FILE* out) const {
  std::size_t lines = 0;
  for (const auto& instance : manifest_.instances) {
    if (instance.stage == stage_) {
      StoredReader in(instance.bytes);
      std::string value;
      internal::print_json(Schema::parse(manifest_.stages[stage_].instance_schema), in, value);
      fmt::print(out, "{{\"executor\":{},\"value\":{}}}\n", instance.executor, value);
      ++lines;
    }
  }
  return lines;
}

std::size_t StatePrinter::print_section(const ManifestSection& section, std::string_view bytes,
                                        const Types& types, std::FILE* out) const {
  const std::string part = json_text(manifest_.stages[stage_].parts[section.part].name);
  const internal::FieldNames names(types.value, types.value_fields);
  StoredReader in(bytes);
  std::size_t lines = 0;
  for (std::uint32_t i = 0; i < section.entries; ++i) {
    const char* const begin = in.position();
    std::string key;
    std::string value;
    internal::print_json(types.key, in, key);
    const std::string_view key_bytes(begin, static_cast<std::size_t>(in.position() - begin));
    internal::print_json(types.value, in, value, &names);
    if (wanted(types.key, key_bytes, key)) {
      fmt::print(out, "{{\"part\":{},\"group\":{},\"key\":{},\"value\":{}}}\n", part, section.group,
                 key, value);
      ++lines;
    }
  }
  if (!in.empty()) {
    throw IoError(fmt::format(
        "checkpoint {}: there are bytes after the {} entries of key group {} of stage '{}'; it "
        "was written wrongly, please report it",
        manifest_.number, section.entries, section.group, manifest_.stages[stage_].name));
  }
  return lines;
}

bool StatePrinter::wanted(const Schema& type, std::string_view bytes, std::string_view text) const {
  if (!key_ || *key_ == text) {
    return true;
  }
  return type.kind() == SchemaKind::string && StoredReader(bytes).get_string() == *key_;
}

}  // namespace wallaroo::tool
