// The file that makes a number void: there never will be a checkpoint of that number.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace wallaroo::internal {

/// Stands where a manifest has its magic bytes.
inline constexpr std::string_view void_magic = "WALLVOID";

/// `reason` and `maker` are for people, but nobody else may have the same `maker`: whoever does not
/// know whether a creation succeeded knows its own file by it.
inline std::string void_bytes(std::string_view reason, std::string_view maker) {
  return fmt::format("{}{} ({})", void_magic, reason, maker);
}

/// Returns why the number is void; nothing: these are not the bytes of such a file.
inline std::optional<std::string> void_text(std::string_view bytes) {
  return bytes.starts_with(void_magic) ? std::optional<std::string>(bytes.substr(void_magic.size()))
                                       : std::nullopt;
}

}  // namespace wallaroo::internal
