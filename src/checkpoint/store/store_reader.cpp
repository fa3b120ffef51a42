#include "checkpoint/store/store_reader.hpp"

#include <fmt/format.h>

#include "base/check.hpp"
#include "base/failpoint.hpp"
#include "checkpoint/store/data_file.hpp"
#include "checkpoint/store/manifest_file.hpp"

namespace wallaroo::internal {

std::string CheckpointReader::block(std::size_t index) const {
  check(index < manifest_.blocks.size(), "the manifest has the block");
  if (mutation("restore_wrong_block")) {
    index = (index + 1) % manifest_.blocks.size();
  }
  const ManifestBlock& block = manifest_.blocks[index];
  try {
    return read_block(*files_, manifest_.files.at(block.file).id(), block);
  } catch (const DamagedError& error) {
    throw DamagedError(
        fmt::format("checkpoint {}, block {}: {}", manifest_.number, index, error.what()));
  }
}

}  // namespace wallaroo::internal
