// Small functions for files that the parts of the store share.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace wallaroo::internal {

/// Returns nothing if there is no such file. Throws IoError if it cannot be read.
std::optional<std::string> read_whole_file(const std::filesystem::path& path);

/// The path in quotes, as messages show it.
std::string quoted(const std::filesystem::path& path);

}  // namespace wallaroo::internal
