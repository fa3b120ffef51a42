#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <boost/json.hpp>

#include "wallaroo/checkpoint_commands.hpp"
#include "wallaroo/opened_store.hpp"

namespace wallaroo::tool {

namespace {

using internal::CheckpointStore;
using internal::Manifest;
using internal::ManifestStage;
using internal::PartTotals;
using internal::StoredCheckpoint;
using internal::VoidNumber;

std::string time_of(const Manifest& manifest) {
  const auto seconds = static_cast<std::time_t>(manifest.started_wall_ns / 1'000'000'000);
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(seconds));
}

std::string size_of(std::uint64_t bytes) {
  if (bytes < 10'000) {
    return fmt::format("{} B", bytes);
  }
  const double kib = static_cast<double>(bytes) / 1024;
  return kib < 10'000 ? fmt::format("{:.0f} KiB", kib) : fmt::format("{:.0f} MiB", kib / 1024);
}

boost::json::object json_of(const StoredCheckpoint& checkpoint) {
  if (!checkpoint.damage.empty()) {
    return {{"number", checkpoint.number}, {"damage", checkpoint.damage}};
  }
  const Manifest& manifest = checkpoint.manifest;
  boost::json::array members;
  for (const internal::ManifestMember& member : manifest.members) {
    members.push_back(
        boost::json::object{{"worker", member.worker}, {"executors", member.executors}});
  }
  boost::json::array parts;
  for (const PartTotals& part : part_totals(manifest)) {
    parts.push_back(boost::json::object{
        {"stage", part.stage}, {"part", part.part}, {"keys", part.keys}, {"bytes", part.bytes}});
  }
  return {{"number", manifest.number},
          {"damage", nullptr},
          {"application", manifest.application},
          {"engine_version", manifest.engine_version},
          {"started", time_of(manifest)},
          {"started_seconds", static_cast<double>(manifest.started_wall_ns) / 1e9},
          {"duration_seconds", static_cast<double>(manifest.duration_ns) / 1e9},
          {"executors", manifest.executors},
          {"generation", manifest.generation},
          {"members", std::move(members)},
          {"key_groups", manifest.key_groups},
          {"stored_bytes", stored_bytes_of(manifest)},
          {"written_bytes", written_bytes_of(manifest)},
          {"state", std::move(parts)}};
}

void print_json(const std::string& directory, const std::vector<StoredCheckpoint>& all,
                const std::vector<VoidNumber>& voids) {
  boost::json::array checkpoints;
  for (const StoredCheckpoint& checkpoint : all) {
    checkpoints.push_back(json_of(checkpoint));
  }
  boost::json::array void_numbers;
  for (const VoidNumber& one : voids) {
    void_numbers.push_back(boost::json::object{{"number", one.number}, {"reason", one.reason}});
  }
  const boost::json::object document{{"format", 1},
                                     {"directory", directory},
                                     {"checkpoints", std::move(checkpoints)},
                                     {"voids", std::move(void_numbers)}};
  fmt::print("{}\n", boost::json::serialize(document));
}

void print_text(const StoredCheckpoint& checkpoint) {
  if (!checkpoint.damage.empty()) {
    fmt::print("{:>12}  damaged: {}\n", checkpoint.number, checkpoint.damage);
    return;
  }
  const Manifest& manifest = checkpoint.manifest;
  fmt::print("{:>12}  {}  {:>9.3f} s  {:>9}  {:>9}\n", manifest.number, time_of(manifest),
             static_cast<double>(manifest.duration_ns) / 1e9, size_of(stored_bytes_of(manifest)),
             size_of(written_bytes_of(manifest)));
  for (const PartTotals& part : part_totals(manifest)) {
    fmt::print("{:>14}{} / {}: {} keys, {}\n", "", part.stage, part.part, part.keys,
               size_of(part.bytes));
  }
}

}  // namespace

int list_checkpoints(const std::string& directory, bool json) {
  const CheckpointStore store = open_store(directory, CheckpointStore::Access::read);
  const auto all = store.list();
  const auto voids = store.voids();
  if (json) {
    print_json(directory, all, voids);
  } else if (all.empty()) {
    fmt::print("there is no checkpoint in '{}' yet\n", directory);
  } else {
    fmt::print("{:>12}  {:<20}  {:>11}  {:>9}  {:>9}\n", "checkpoint", "started", "duration",
               "size", "written");
    for (const StoredCheckpoint& checkpoint : all) {
      print_text(checkpoint);
    }
  }
  for (const VoidNumber& one : voids) {
    if (!json) {
      fmt::print("{:>12}  void, never a checkpoint: {}\n", one.number, one.reason);
    }
  }
  int exit_code = 0;
  for (const StoredCheckpoint& checkpoint : all) {
    exit_code = checkpoint.damage.empty() ? exit_code : 1;
  }
  return exit_code;
}

}  // namespace wallaroo::tool
