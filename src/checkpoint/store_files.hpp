// Small things about files that the parts of the store share.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace wallaroo::internal {

/// Nothing when there is no such file. Throws IoError when it cannot be read.
std::optional<std::string> read_whole_file(const std::filesystem::path& path);

/// As messages name it.
std::string quoted(const std::filesystem::path& path);

}  // namespace wallaroo::internal
