// checkpoint_sample DIR: makes a directory with three checkpoints, for tests of the command
// wallaroo.
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "checkpoint/store/store.hpp"
#include "record/stored/stored_names.hpp"
#include "record/stored/stored_schema.hpp"
#include "record/stored/stored_write.hpp"

namespace {

using namespace wallaroo::internal;

struct Window {
  std::int64_t end_ns;
  std::vector<double> values;
};

template <class Key, class Value>
StateBlock block_of(ManifestSection section, const std::vector<std::pair<Key, Value>>& entries) {
  StoredWriter bytes;
  for (const auto& [key, value] : entries) {
    store(key, bytes);
    store(value, bytes);
  }
  section.length = static_cast<std::uint32_t>(bytes.size());
  section.entries = static_cast<std::uint32_t>(entries.size());
  return {bytes.take(), {section}};
}

template <class Key, class Value>
ManifestPart part_of(const std::string& name) {
  return {name, schema_of<Key>().text(), schema_of<Value>().text(), field_names<Value>()};
}

Manifest manifest_of(std::uint64_t number) {
  Manifest manifest;
  manifest.application = "word_count";
  manifest.engine_version = "0.1.0";
  manifest.started_wall_ns = 1'760'000'000'250'000'000 + static_cast<std::int64_t>(number);
  manifest.duration_ns = 12'500'000;
  manifest.executors = 2;
  manifest.key_groups = 256;
  manifest.stages = {{"count", "state", "", {part_of<std::string, std::uint64_t>("state")}},
                     {"means",
                      "window",
                      schema_of<std::int64_t>().text(),
                      {part_of<std::pair<std::uint32_t, bool>, Window>("windows")}}};
  StoredWriter clock;
  store(std::int64_t{-5}, clock);
  manifest.instances = {{1, 0, std::string(clock.bytes())}};
  return manifest;
}

/// Words counted so far, in two key groups of which the second changes only once.
void write_sample(const char* directory) {
  CheckpointStore store(directory, CheckpointStore::Access::write);
  Manifest previous;
  for (std::uint64_t number = 1; number <= 3; ++number) {
    CheckpointWriter writer = store.begin(number);
    writer.append(block_of<std::string, std::uint64_t>(
        {0, 0, 7, 0, 0, 0, 0}, {{"the \"quoted\"", 10 * number}, {"17", number}}));
    if (number == 1) {
      writer.append(block_of<std::string, std::uint64_t>({0, 0, 9, 0, 0, 0, 0}, {{"once", 1}}));
      writer.append(block_of<std::pair<std::uint32_t, bool>, Window>(
          {1, 0, 3, 0, 0, 0, 0}, {{{5, true}, {1000, {1.5, 2.5}}}}));
    } else {
      writer.carry_over(previous, [](auto, auto, auto group) { return group != 7; });
    }
    writer.durable();
    previous = writer.publish(manifest_of(number));
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    write_sample(argc == 2 ? argv[1] : "");
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "checkpoint_sample: {}\n", error.what());
    return 1;
  }
}
