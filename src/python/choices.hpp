// Choices that Python names.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <wallaroo/types/connector_options.hpp>
#include <wallaroo/types/error.hpp>
#include <wallaroo/types/late_data.hpp>

#include <vector>

namespace wallaroo::python {

/// The value of that name. Throws ConfigError that lists the names there are.
template <class T>
T choice(std::string_view name, std::string_view what,
         std::initializer_list<std::pair<std::string_view, T>> all) {
  std::vector<std::string_view> names;
  for (const auto& [one, value] : all) {
    if (one == name) {
      return value;
    }
    names.push_back(one);
  }
  throw ConfigError(
      fmt::format("{} '{}' is not known; there are '{}'", what, name, fmt::join(names, "', '")));
}

inline OnError on_error_of(std::string_view name) {
  return choice<OnError>(
      name, "on_error",
      {{"stop", OnError::stop}, {"skip", OnError::skip}, {"dead_letter", OnError::dead_letter}});
}

inline LateData late_data_of(std::string_view name) {
  return choice<LateData>(name, "late",
                          {{"drop", LateData::drop},
                           {"fire", LateData::fire_per_message},
                           {"oldest", LateData::place_in_oldest_window},
                           {"stream", LateData::to_stream}});
}

}  // namespace wallaroo::python
