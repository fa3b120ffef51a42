// The levels and the receiver of the engine's log lines.
#pragma once

#include <functional>
#include <string_view>

namespace wallaroo {

/// How important a log line is, in rising order. As the engine's level, `off` makes it silent.
enum class LogLevel { debug, info, warning, error, off };

/// Receives every log line at or above the engine's level. It is called from any thread of the
/// engine, from several at the same time. The text is one line without a line end.
using LogCallback = std::function<void(LogLevel level, std::string_view text)>;

}  // namespace wallaroo
