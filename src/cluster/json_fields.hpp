// Takes the members of a JSON object one by one, and says what is wrong with one that does not fit.
#pragma once

#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <boost/json.hpp>

namespace wallaroo::internal::cluster {

/// A value is not what it must be. The text is a sentence without a subject, such as
/// "has no member 'generation'".
struct WrongJson : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class JsonFields {
 public:
  /// `json` must outlive this.
  explicit JsonFields(const boost::json::value& json) : object_(json.if_object()) {
    if (object_ == nullptr) {
      throw WrongJson("is not a JSON object");
    }
  }

  std::string text(std::string_view name) const {
    const auto* string = need(name).if_string();
    if (string == nullptr) {
      throw WrongJson(fmt::format("has a member '{}' that is no string", name));
    }
    return std::string(*string);
  }
  std::string text_or_empty(std::string_view name) const {
    return object_->contains(name) ? text(name) : std::string();
  }
  std::uint64_t number(std::string_view name,
                       std::uint64_t most = std::numeric_limits<std::int64_t>::max()) const {
    boost::system::error_code error;
    const auto number = need(name).to_number<std::uint64_t>(error);
    if (error || number > most) {
      throw WrongJson(
          fmt::format("has a member '{}' that is no whole number from 0 to {}", name, most));
    }
    return number;
  }
  /// A number of 64 bits, written as 16 hexadecimal digits: JSON numbers are exact up to 53 bits.
  std::uint64_t bits(std::string_view name) const {
    const std::string digits = text(name);
    const bool fits =
        digits.size() == 16 && digits.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!fits) {
      throw WrongJson(fmt::format("has a member '{}' that is not 16 hexadecimal digits", name));
    }
    return std::stoull(digits, nullptr, 16);
  }
  const boost::json::array& array(std::string_view name) const {
    const auto* found = need(name).if_array();
    if (found == nullptr) {
      throw WrongJson(fmt::format("has a member '{}' that is no array", name));
    }
    return *found;
  }
  const boost::json::object& object(std::string_view name) const {
    const auto* found = need(name).if_object();
    if (found == nullptr) {
      throw WrongJson(fmt::format("has a member '{}' that is no object", name));
    }
    return *found;
  }

 private:
  const boost::json::value& need(std::string_view name) const {
    const auto* found = object_->if_contains(name);
    if (found == nullptr) {
      throw WrongJson(fmt::format("has no member '{}'", name));
    }
    return *found;
  }

  const boost::json::object* object_;
};

}  // namespace wallaroo::internal::cluster
