// The engine's own log: a level and a callback.
#pragma once

#include <string_view>
#include <utility>

#include <fmt/core.h>

#include <wallaroo/types/logging.hpp>

namespace wallaroo::internal {

class Log {
 public:
  Log() = default;
  Log(LogLevel level, LogCallback callback) : level_(level), callback_(std::move(callback)) {}

  bool enabled(LogLevel level) const { return callback_ && level >= level_; }

  template <class... Args>
  void write(LogLevel level, fmt::format_string<Args...> format, Args&&... args) const {
    if (enabled(level)) {
      callback_(level, fmt::format(format, std::forward<Args>(args)...));
    }
  }
  template <class... Args>
  void debug(fmt::format_string<Args...> format, Args&&... args) const {
    write(LogLevel::debug, format, std::forward<Args>(args)...);
  }
  template <class... Args>
  void info(fmt::format_string<Args...> format, Args&&... args) const {
    write(LogLevel::info, format, std::forward<Args>(args)...);
  }
  template <class... Args>
  void warning(fmt::format_string<Args...> format, Args&&... args) const {
    write(LogLevel::warning, format, std::forward<Args>(args)...);
  }
  template <class... Args>
  void error(fmt::format_string<Args...> format, Args&&... args) const {
    write(LogLevel::error, format, std::forward<Args>(args)...);
  }

 private:
  LogLevel level_ = LogLevel::off;
  LogCallback callback_;
};

}  // namespace wallaroo::internal
