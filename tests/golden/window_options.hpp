// Makes the windows and times that the settings of a case describe.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include <wallaroo/types/event_time.hpp>
#include <wallaroo/types/late_data.hpp>
#include <wallaroo/windows.hpp>

#include "window_case.hpp"

namespace golden {

/// The words of a setting, taken one after the other.
class Words {
 public:
  Words(const WindowCase& from, const std::string& setting)
      : setting_(from.path.string() + ": " + setting) {
    if (const auto found = from.settings.find(setting); found != from.settings.end()) {
      words_ = found->second;
    }
  }
  bool done() const { return next_ == words_.size(); }
  std::string take() {
    if (done()) {
      fail("something is missing at the end");
    }
    return words_[next_++];
  }
  std::chrono::nanoseconds take_duration() { return duration_of(take()); }
  [[noreturn]] void fail(const std::string& what) const {
    throw std::runtime_error(setting_ + ": " + what);
  }

 private:
  std::string setting_;
  std::vector<std::string> words_;
  std::size_t next_ = 0;
};

using Windows =
    std::variant<wallaroo::RangeWindows, wallaroo::SessionWindows, wallaroo::CountWindows>;

template <class Kind>
inline constexpr bool is_range = std::is_same_v<Kind, wallaroo::RangeWindows>;
template <class Kind>
inline constexpr bool is_count = std::is_same_v<Kind, wallaroo::CountWindows>;

inline Windows windows_of_kind(Words& words) {
  const std::string kind = words.take();
  if (kind == "range") {
    return wallaroo::range_windows(words.take_duration());
  }
  if (kind == "session") {
    return wallaroo::session_windows(words.take_duration());
  }
  if (kind == "count") {
    return wallaroo::count_windows(std::stoll(words.take()));
  }
  words.fail("there are no windows of the kind " + kind);
}

inline wallaroo::LateData late_data(const std::string& policy) {
  static const std::map<std::string, wallaroo::LateData> policies = {
      {"drop", wallaroo::LateData::drop},
      {"fire_per_message", wallaroo::LateData::fire_per_message},
      {"place_in_oldest_window", wallaroo::LateData::place_in_oldest_window}};
  return policies.at(policy);
}

/// Returns the windows with one more option, whose name was taken from `words`.
template <class Kind>
Kind with_option(const Kind& windows, const std::string& option, Words& words) {
  if constexpr (is_range<Kind>) {
    if (option == "slide") {
      return windows.with_slide(words.take_duration());
    }
    if (option == "spread") {
      return windows.spread_by_key();
    }
  }
  if constexpr (is_count<Kind>) {
    if (option == "slide") {
      return windows.with_slide(std::stoll(words.take()));
    }
    if (option == "timeout") {
      return windows.with_timeout(words.take_duration());
    }
  } else {
    if (option == "timeout") {
      const std::string timeout = words.take();
      return timeout == "never" ? windows.without_timeout()
                                : windows.with_timeout(duration_of(timeout));
    }
    if (option == "delay") {
      return windows.with_delay(words.take_duration());
    }
    if (option == "early") {
      return windows.with_early_output(words.take_duration());
    }
    if (option == "late") {
      const std::string policy = words.take();
      return policy == "stream" ? windows : windows.with_late_data_policy(late_data(policy));
    }
  }
  words.fail("these windows have no option " + option);
}

inline wallaroo::EventTimeOptions event_times(Words words) {
  wallaroo::EventTimeOptions options;
  while (!words.done()) {
    const std::string option = words.take();
    if (option == "lateness") {
      options.lateness = words.take_duration();
    } else if (option == "idle") {
      options.idle_after = words.take_duration();
    } else if (option == "max_ahead") {
      options.max_ahead = words.take_duration();
      options.on_error = wallaroo::OnError::skip;
    } else if (option == "max_jump") {
      options.max_jump = words.take_duration();
    } else {
      words.fail("there is no option " + option);
    }
  }
  return options;
}

}  // namespace golden
