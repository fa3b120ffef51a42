// The paths of a file source: patterns, and the files that they match.
#pragma once

#include <string>
#include <vector>

namespace wallaroo::internal {

/// Replaces each pattern (`*`, `?`, `[...]`, as in a shell) by the files that match it, in the
/// order of their names. A path that exists as it is written is not a pattern. Directories do not
/// match, nor does a file that is in the list already. Throws ConfigError if nothing matches.
std::vector<std::string> expand_patterns(const std::vector<std::string>& paths);

/// False for pipes, devices and paths that do not exist. "-" is standard input.
bool is_regular_file(const std::string& path);

}  // namespace wallaroo::internal
