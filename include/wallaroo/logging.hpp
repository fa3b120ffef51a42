// Where the engine's log lines go.
#pragma once

#include <functional>
#include <string_view>

namespace wallaroo {

enum class LogLevel { debug, info, warning, error, off };

/// Receives every log line at or above the engine's level; called from any of its threads, one call
/// at a time is not promised. The text is one line without a line end.
using LogCallback = std::function<void(LogLevel level, std::string_view text)>;

}  // namespace wallaroo
