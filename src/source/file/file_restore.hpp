// From the positions in a checkpoint to what a file source reads.
#pragma once

#include <vector>

#include "source/connector.hpp"
#include "source/file/file_plan.hpp"

namespace wallaroo::internal {

/// One share for each path, each from its beginning, if the plan merges.
void begin_shares(FilePlan& plan);

/// Finds out where each file goes on, wherever it is now. Throws ConfigError when the paths are not
/// those of the checkpoint, IoError when a file is not the one that was read.
void restore_files(FilePlan& plan, const std::vector<SourcePosition>& positions);

}  // namespace wallaroo::internal
