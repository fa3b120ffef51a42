// Writes JSON straight into a string. The series of many stages are hundreds of thousands of
// numbers, for which a tree of values would take more memory than the history itself.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace wallaroo::internal {

/// Calls must make a document: in an object each value follows its `key`. Numbers that are not
/// finite become null, and bytes that are not UTF-8 are replaced.
class JsonText {
 public:
  JsonText& begin_object() { return open('{'); }
  JsonText& end_object() { return close('}'); }
  JsonText& begin_array() { return open('['); }
  JsonText& end_array() { return close(']'); }

  JsonText& key(std::string_view name);

  JsonText& value(std::string_view text);
  JsonText& value(const char* text) { return value(std::string_view(text)); }
  JsonText& value(bool truth);
  JsonText& value(float number);
  JsonText& value(double number);
  template <std::integral Integer>
  JsonText& value(Integer number) {
    return raw(std::to_string(number));
  }
  JsonText& null() { return raw("null"); }

  template <class Value>
  JsonText& member(std::string_view name, const Value& its_value) {
    return key(name).value(its_value);
  }

  std::string take() { return std::move(text_); }

 private:
  JsonText& open(char bracket);
  JsonText& close(char bracket);
  JsonText& raw(std::string_view text);
  void separate();

  std::string text_;
  bool first_ = true;  ///< no comma before the next value
};

/// Begins a document of the API, which the caller ends.
JsonText begin_document(std::string_view plan_id);

}  // namespace wallaroo::internal
