#include "ui/json/json_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <boost/json/string_view.hpp>

#include "metrics/valid_utf8.hpp"

namespace wallaroo::internal {

namespace {

/// The shortest text that reads as the same number.
template <class Number>
std::string_view shortest(Number number, std::array<char, 32>& space) {
  if (!std::isfinite(number)) {
    return "null";
  }
  const auto end = std::to_chars(space.data(), space.data() + space.size(), number).ptr;
  return {space.data(), static_cast<std::size_t>(end - space.data())};
}

}  // namespace

void JsonText::separate() {
  if (!first_) {
    text_ += ',';
  }
  first_ = false;
}

JsonText& JsonText::open(char bracket) {
  separate();
  text_ += bracket;
  first_ = true;
  return *this;
}

JsonText& JsonText::close(char bracket) {
  text_ += bracket;
  first_ = false;
  return *this;
}

JsonText& JsonText::raw(std::string_view text) {
  separate();
  text_ += text;
  return *this;
}

JsonText& JsonText::key(std::string_view name) {
  value(name);
  text_ += ':';
  first_ = true;
  return *this;
}

JsonText& JsonText::value(std::string_view text) {
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (!std::all_of(text.begin(), text.end(), is_ascii)) {
    return raw(boost::json::serialize(boost::json::string(valid_utf8(text))));
  }
  return raw(boost::json::serialize(boost::json::string_view(text.data(), text.size())));
}

JsonText& JsonText::value(bool truth) { return raw(truth ? "true" : "false"); }

JsonText& JsonText::value(float number) {
  std::array<char, 32> space;
  return raw(shortest(number, space));
}

JsonText& JsonText::value(double number) {
  std::array<char, 32> space;
  return raw(shortest(number, space));
}

JsonText begin_document(std::string_view plan_id) {
  JsonText json;
  json.begin_object().member("format", 1).member("plan_id", plan_id);
  return json;
}

}  // namespace wallaroo::internal
