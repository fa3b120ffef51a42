// Prints the state of a stage as lines of JSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/store/manifest.hpp"
#include "checkpoint/store/store_reader.hpp"
#include "record/stored/schema.hpp"

namespace wallaroo::tool {

class StatePrinter {
 public:
  /// Throws wallaroo::IoError when the checkpoint has no such stage. `manifest` must outlive it.
  StatePrinter(internal::CheckpointReader reader, const internal::Manifest& manifest,
               std::string_view stage, std::optional<std::string> key);

  /// Prints {"part": .., "group": .., "key": .., "value": ..} for each key, or for the one that was
  /// asked for; before them {"executor": .., "value": ..} for each value that an executor keeps
  /// once. Returns the number of lines. Throws wallaroo::Error when the state is damaged.
  std::size_t print(std::FILE* out) const;

 private:
  struct Types {
    internal::Schema key;
    internal::Schema value;
    std::vector<std::string> value_fields;
  };

  std::size_t print_instances(std::FILE* out) const;
  std::size_t print_section(const internal::ManifestSection& section, std::string_view bytes,
                            const Types& types, std::FILE* out) const;
  bool wanted(const internal::Schema& type, std::string_view bytes, std::string_view text) const;

  internal::CheckpointReader reader_;
  const internal::Manifest& manifest_;
  std::optional<std::string> key_;
  std::uint32_t stage_ = 0;  ///< index into the manifest's stages
};

}  // namespace wallaroo::tool
