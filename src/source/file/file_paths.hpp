// The paths of a file source: patterns, and what they lead to.
#pragma once

#include <string>
#include <vector>

namespace wallaroo::internal {

/// Puts the files that match in the place of each pattern (`*`, `?`, `[...]`, as in a shell), in
/// the order of their names. A path that is there as it is written is no pattern. Directories do
/// not match, nor does a file that stands in the list already. Throws ConfigError when nothing
/// matches.
std::vector<std::string> expand_patterns(const std::vector<std::string>& paths);

/// False for pipes, devices and what is not there. "-" is standard input.
bool is_regular_file(const std::string& path);

}  // namespace wallaroo::internal
