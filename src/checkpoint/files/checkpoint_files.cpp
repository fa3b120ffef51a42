#include "checkpoint/files/checkpoint_files.hpp"

namespace wallaroo::internal {

std::optional<std::string> read_whole(CheckpointFiles& files, const std::string& name) {
  const auto found = files.find(name);
  return found ? std::optional(files.read(name, 0, found->bytes)) : std::nullopt;
}

}  // namespace wallaroo::internal
