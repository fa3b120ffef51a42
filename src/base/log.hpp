// The engine's own log: a level and a callback; and where records are told that stages refuse.
#pragma once

#include <string_view>
#include <utility>

#include <fmt/core.h>

#include <wallaroo/types/logging.hpp>

#include "base/refused_record.hpp"

namespace wallaroo::internal {

class Log {
 public:
  Log() = default;
  /// `refused` gets all records that stages refuse, of which the log names only some; empty: nobody
  /// does.
  Log(LogLevel level, LogCallback callback, RefusedCallback refused = {})
      : level_(level), callback_(std::move(callback)), refused_(std::move(refused)) {}

  bool enabled(LogLevel level) const { return callback_ && level >= level_; }

  bool collects_refused() const { return refused_ != nullptr; }
  /// Requires `collects_refused`.
  void refused(const RefusedRecord& record) const { refused_(record); }

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
  RefusedCallback refused_;
};

}  // namespace wallaroo::internal
