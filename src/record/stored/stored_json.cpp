#include "record/stored/stored_json.hpp"

#include <cmath>
#include <iterator>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <boost/json.hpp>
#include <boost/locale/utf.hpp>

namespace wallaroo::internal {

namespace {

namespace json = boost::json;
namespace utf = boost::locale::utf;

/// Returns the bytes as UTF-8; a byte that is not part of a valid character becomes \xHH.
std::string as_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (const char *at = bytes.data(), *end = at + bytes.size(); at != end;) {
    const char* next = at;
    if (utf::utf_traits<char>::decode(next, end) > 0x10ffff) {
      fmt::format_to(std::back_inserter(text), "\\x{:02x}", static_cast<unsigned char>(*at));
      ++at;
    } else {
      text.append(at, next);
      at = next;
    }
  }
  return text;
}

json::value number(double value) {
  if (std::isnan(value)) {
    return "NaN";
  }
  if (std::isinf(value)) {
    return value > 0 ? "Infinity" : "-Infinity";
  }
  return value;
}

/// Keeps the shortest digits that read back as this float; those of the equal double are longer.
json::value number(float value) {
  return std::isfinite(value) ? number(std::stod(fmt::format("{}", value))) : number(double{value});
}

/// Null when no names are known.
using Names = const FieldNames*;

json::value value_of(const Schema& schema, StoredReader& in, Names names);

json::value fields(const Schema& schema, StoredReader& in, Names names) {
  if (const auto named = names == nullptr ? std::span<const std::string>() : names->of(schema);
      !named.empty()) {
    json::object object;
    for (std::size_t i = 0; i < named.size(); ++i) {
      object.emplace(named[i], value_of(schema.part(i), in, names));
    }
    return object;
  }
  json::array array;
  if (schema.parts().empty()) {
    in.get_choice("the byte of an empty struct", 1);
  }
  for (const Schema& field : schema.parts()) {
    array.push_back(value_of(field, in, names));
  }
  return array;
}

json::value elements(const Schema& element, std::uint64_t count, StoredReader& in, Names names) {
  if (element.kind() == SchemaKind::character) {
    return json::value(as_utf8(in.get_bytes(count)));
  }
  json::array array;
  for (std::uint64_t i = 0; i < count; ++i) {
    array.push_back(value_of(element, in, names));
  }
  return array;
}

json::value entries(const Schema& schema, StoredReader& in, Names names) {
  json::array pairs;
  const std::size_t count = in.get_count(schema.part(0).least_bytes() + 1);
  for (std::size_t i = 0; i < count; ++i) {
    json::value key = value_of(schema.part(0), in, names);
    pairs.push_back(json::array{std::move(key), value_of(schema.part(1), in, names)});
  }
  if (schema.part(0).kind() != SchemaKind::string) {
    return pairs;
  }
  json::object object;
  for (const json::value& pair : pairs) {
    object.emplace(pair.get_array()[0].get_string(), pair.get_array()[1]);
  }
  if (object.size() != pairs.size()) {
    return pairs;
  }
  return object;
}

json::value alternative(const Schema& schema, StoredReader& in, Names names) {
  const std::size_t index = in.get_choice("the alternative of a variant", schema.parts().size());
  json::object object;
  object.emplace(std::to_string(index), value_of(schema.part(index), in, names));
  return object;
}

/// Checks, like get_count for lists, that the remaining bytes can hold the array before memory is
/// allocated.
std::uint64_t checked_size(const Schema& array, StoredReader& in) {
  if (array.least_bytes() > in.left()) {
    throw_cut_off(array.least_bytes(), in.left());
  }
  return array.number();
}

json::value composite(const Schema& schema, StoredReader& in, Names names) {
  switch (schema.kind()) {
    case SchemaKind::record:
      return fields(schema, in, names);
    case SchemaKind::list: {
      const std::size_t count = in.get_count(schema.part(0).least_bytes());
      return elements(schema.part(0), count, in, names);
    }
    case SchemaKind::map:
      return entries(schema, in, names);
    case SchemaKind::optional:
      if (in.get_choice("whether an optional has a value", 2) == 0) {
        return nullptr;
      }
      return value_of(schema.part(0), in, names);
    case SchemaKind::variant:
      return alternative(schema, in, names);
    case SchemaKind::array:
      return elements(schema.part(0), checked_size(schema, in), in, names);
    default:  // a duration, a time or a version
      return value_of(schema.part(0), in, names);
  }
}

/// Serialises like Boost.JSON, but writes numbers as people do: 0.5 instead of 5E-1.
void append(const json::value& value, std::string& out) {
  const auto append_all = [&](const auto& range, auto append_one) {
    const char* comma = "";
    for (const auto& element : range) {
      out += std::exchange(comma, ",");
      append_one(element);
    }
  };
  if (value.is_double()) {
    fmt::format_to(std::back_inserter(out), "{}", value.get_double());
  } else if (value.is_array()) {
    out += '[';
    append_all(value.get_array(), [&](const json::value& element) { append(element, out); });
    out += ']';
  } else if (value.is_object()) {
    out += '{';
    append_all(value.get_object(), [&](const json::key_value_pair& member) {
      out += json::serialize(member.key()) + ":";
      append(member.value(), out);
    });
    out += '}';
  } else {
    out += json::serialize(value);
  }
}

json::value value_of(const Schema& schema, StoredReader& in, Names names) {
  switch (schema.kind()) {
    case SchemaKind::boolean:
      return in.get_bool();
    case SchemaKind::character:
      return json::value(as_utf8(in.get_bytes(1)));
    case SchemaKind::i8:
      return in.get<std::int8_t>();
    case SchemaKind::i16:
      return in.get<std::int16_t>();
    case SchemaKind::i32:
      return in.get<std::int32_t>();
    case SchemaKind::i64:
      return in.get<std::int64_t>();
    case SchemaKind::u8:
      return in.get<std::uint8_t>();
    case SchemaKind::u16:
      return in.get<std::uint16_t>();
    case SchemaKind::u32:
      return in.get<std::uint32_t>();
    case SchemaKind::u64:
      return in.get<std::uint64_t>();
    case SchemaKind::f32:
      return number(in.get<float>());
    case SchemaKind::f64:
      return number(in.get<double>());
    case SchemaKind::string:
      return json::value(as_utf8(in.get_string()));
    default:
      return composite(schema, in, names);
  }
}

}  // namespace

json::value stored_json(const Schema& schema, StoredReader& in, const FieldNames* names) {
  return value_of(schema, in, names);
}

void print_json(const Schema& schema, StoredReader& in, std::string& out, const FieldNames* names) {
  append(value_of(schema, in, names), out);
}

}  // namespace wallaroo::internal
