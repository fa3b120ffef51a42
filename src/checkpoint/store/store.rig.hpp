// Shared by the tests of the store: directories, checkpoints, and how to read state back.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "checkpoint/store/store.hpp"

namespace wallaroo::internal {

class StoreDirectory {
 public:
  StoreDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "wallaroo_store_XXXXXX").string();
    top_ = ::mkdtemp(name.data());
  }
  StoreDirectory(const StoreDirectory&) = delete;
  StoreDirectory& operator=(const StoreDirectory&) = delete;
  ~StoreDirectory() { std::filesystem::remove_all(top_); }
  /// Does not exist before a store makes it.
  std::filesystem::path path() const { return top_ / "checkpoints"; }

 private:
  std::filesystem::path top_;
};

inline std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline void overwrite(const std::filesystem::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

/// The contents of all files below a directory, by their path, without the lock.
inline std::map<std::string, std::string> files_below(const std::filesystem::path& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file() && entry.path().filename() != "LOCK") {
      files[entry.path().string()] = content_of(entry.path());
    }
  }
  return files;
}

template <class Action>
std::string store_error(Action action) {
  try {
    action();
  } catch (const IoError& error) {
    return error.what();
  }
  return "no error";
}

/// The bytes of all sections in order, by stage, part and key group.
using RestoredState = std::map<std::tuple<std::string, std::string, int>, std::string>;

inline RestoredState restore_all(const CheckpointStore& store, const Manifest& manifest) {
  RestoredState state;
  const CheckpointReader reader = store.reader(manifest);
  for (const ManifestSection& section : manifest.sections) {
    const ManifestStage& stage = manifest.stages.at(section.stage);
    state[{stage.name, stage.parts.at(section.part).name, section.group}] +=
        reader.block(section.block).substr(section.offset, section.length);
  }
  return state;
}

inline constexpr std::uint32_t rig_groups = 4;

/// A manifest without state: two stages, the second of two parts.
inline Manifest rig_manifest(const std::string& vote = "vote") {
  Manifest manifest;
  manifest.application = "word_count";
  manifest.engine_version = "1.2.3";
  manifest.started_wall_ns = 1'760'000'000'000'000'000;
  manifest.duration_ns = 12'345'678;
  manifest.executors = 2;
  manifest.key_groups = rig_groups;
  manifest.stages = {
      {"count",
       "state",
       "",
       {{
           "state",
           "string",
           "u64",
       }}},
      {"totals", "window", "i64", {{"windows", "u64", "string"}, {"timers", "u64", "i64"}}}};
  manifest.instances = {{1, 0, "clock 0"}, {1, 1, "clock 1"}};
  manifest.sources = {{"lines", {{"a.txt", "17"}, {"b.txt", "3"}}, false}, {"names", {}, true}};
  manifest.sinks = {{"out", vote}};
  return manifest;
}

/// A block of one section.
inline StateBlock rig_block(std::uint32_t stage, std::uint16_t part, std::uint16_t group,
                            const std::string& bytes) {
  return {bytes, {{stage, part, group, 0, 0, static_cast<std::uint32_t>(bytes.size()), 1}}};
}

/// A checkpoint with all groups of both stages, whose bytes contain `text`.
inline Manifest write_rig_checkpoint(CheckpointStore& store, const std::string& text) {
  CheckpointWriter writer = store.begin(store.next_number());
  for (std::uint16_t group = 0; group < rig_groups; ++group) {
    writer.append(rig_block(0, 0, group, fmt::format("{} of group {}", text, group)));
  }
  writer.append(rig_block(1, 1, 2, text + " of timers"));
  writer.durable();
  return writer.publish(rig_manifest(text));
}

}  // namespace wallaroo::internal
