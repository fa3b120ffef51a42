// Turns the positions in a checkpoint into the plan of a file source.
#pragma once

#include <vector>

#include "source/file/file_plan.hpp"
#include "source/source.hpp"

namespace wallaroo::internal {

/// If the plan merges, gives it a share for each path, each from its beginning.
void begin_shares(FilePlan& plan);

/// Finds each file wherever it is now, and the place from which it is read. Throws ConfigError if
/// the paths are not those of the checkpoint, IoError if a file is not the one that was read.
void restore_files(FilePlan& plan, const std::vector<SourcePosition>& positions);

}  // namespace wallaroo::internal
