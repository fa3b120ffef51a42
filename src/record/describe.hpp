// A record as text, for error messages and dead letters.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include <boost/pfr/core.hpp>
#include <boost/pfr/tuple_size.hpp>

#include "record/key.hpp"
#include "record/views.hpp"

namespace wallaroo::internal {

/// How many bytes of a record a message shows.
inline constexpr std::size_t most_shown_bytes = 200;

/// Appends printable ASCII as it is, and everything else escaped (\n, \xff).
void append_escaped(std::string& out, std::string_view bytes);
void append_number(std::string& out, double value);
/// Shortens a long text for a message to its beginning and its number of bytes.
std::string shortened(std::string_view text);

template <class T>
concept ByteLike =
    std::is_same_v<T, std::byte> || std::is_same_v<T, char> || std::is_same_v<T, unsigned char>;

template <class T>
void append_description(std::string& out, const T& value);

template <class Range>
void append_elements(std::string& out, const Range& range) {
  constexpr std::size_t most = 16;
  out += '[';
  std::size_t shown = 0;
  for (const auto& element : range) {
    if (shown != 0) {
      out += ", ";
    }
    if (shown++ == most) {
      out += "...";
      break;
    }
    append_description(out, element);
  }
  out += ']';
}

template <class T>
void append_description(std::string& out, const T& value) {
  if constexpr (requires { append_description_of(out, value); }) {
    append_description_of(out, value);  // found in the namespace of T
  } else if constexpr (StringLike<T> && std::is_pointer_v<T>) {
    append_description(out, value == nullptr ? std::optional<std::string_view>()
                                             : std::optional<std::string_view>(value));
  } else if constexpr (StringLike<T>) {
    out += '"';
    append_escaped(out, value);
    out += '"';
  } else if constexpr (std::is_same_v<T, bool>) {
    out += value ? "true" : "false";
  } else if constexpr (std::is_integral_v<T>) {
    out += std::to_string(value);
  } else if constexpr (std::is_enum_v<T>) {
    out += std::to_string(static_cast<std::underlying_type_t<T>>(value));
  } else if constexpr (std::is_floating_point_v<T>) {
    append_number(out, static_cast<double>(value));
  } else if constexpr (requires {
                         value.has_value();
                         *value;
                       }) {
    if (value.has_value()) {
      append_description(out, *value);
    } else {
      out += "none";
    }
  } else if constexpr (requires { value.valueless_by_exception(); }) {
    std::visit([&](const auto& held) { append_description(out, held); }, value);
  } else if constexpr (requires {
                         value.begin();
                         value.end();
                       }) {
    append_elements(out, value);
  } else if constexpr (has_elements<T>) {
    out += '{';
    all_key_parts<T>([&]<std::size_t I>() {
      out += I == 0 ? "" : ", ";
      append_description(out, std::get<I>(value));
      return true;
    });
    out += '}';
  } else if constexpr (Aggregate<T>) {
    out += '{';
    boost::pfr::for_each_field(value, [&](const auto& field, std::size_t index) {
      if (index != 0) {
        out += ", ";
      }
      append_description(out, field);
    });
    out += '}';
  } else {
    out += "(a record that cannot be printed)";
  }
}

template <class T>
std::string describe(const T& value) {
  std::string out;
  append_description(out, value);
  return out;
}

}  // namespace wallaroo::internal
