// The last lines of the log.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>

#include <wallaroo/types/logging.hpp>

namespace wallaroo::internal {

/// Keeps 1000 lines. All methods may be called from any thread.
class LogLines {
 public:
  static constexpr std::size_t most_kept = 1000;
  static constexpr std::size_t most_text = 8000;  ///< bytes of a line; the rest is cut off

  /// `level` is that of the log, below which it gets no lines.
  explicit LogLines(LogLevel level) : level_(level) {}

  /// `time` is Unix time in seconds. Later lines get higher numbers, from 1 on.
  void add(LogLevel level, std::string_view text, double time);
  /// The document of /api/v1/log with the lines after number `since`; all of them when there is no
  /// such number.
  std::string render(std::string_view plan_id, std::string_view worker, std::uint64_t since) const;

 private:
  struct Line {
    double time;
    LogLevel level;
    std::string text;
  };

  const LogLevel level_;
  // Guarded by mutex_.
  mutable std::mutex mutex_;
  std::deque<Line> lines_;
  std::uint64_t newest_ = 0;  ///< the number of the last line
};

}  // namespace wallaroo::internal
