#include "checkpoint/files/checkpoint_files.hpp"

#include <wallaroo/types/error.hpp>

namespace wallaroo::internal {

std::optional<std::string> read_whole(CheckpointFiles& files, const std::string& name) {
  const auto found = files.find(name);
  if (!found) {
    return std::nullopt;
  }
  try {
    return files.read(name, 0, found->bytes);
  } catch (const IoError&) {
    if (!files.find(name)) {
      return std::nullopt;  // another process has removed it in the meantime
    }
    throw;
  }
}

}  // namespace wallaroo::internal
