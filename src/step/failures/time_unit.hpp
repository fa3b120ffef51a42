// Recognises event times that were given in another unit than nanoseconds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace wallaroo::internal {

/// Returns a warning about a time that, as nanoseconds, is before 1990 or after 2100. Nothing for
/// other times.
std::optional<std::string> doubt_about_unit(std::int64_t time_ns);

}  // namespace wallaroo::internal
