#include "python/values/key.hpp"

#include <cstdint>
#include <cstring>

#include <fmt/format.h>

#include "record/describe.hpp"
#include "record/stored/stored_bytes.hpp"

namespace wallaroo::python {

using internal::StoredReader;

void append_integer(std::string& out, long long value) {
  if (value == 0) {
    return;
  }
  // The last byte must have the sign.
  while (value < -0x80 || value > 0x7f) {
    out += static_cast<char>(value & 0xff);
    value >>= 8;
  }
  out += static_cast<char>(value & 0xff);
}

long long integer_of(std::string_view bytes) {
  unsigned long long value = !bytes.empty() && bytes.back() < 0 ? ~0ULL : 0;
  for (std::size_t i = bytes.size(); i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return static_cast<long long>(value);
}

void append_sized(std::string& out, std::string_view bytes) {
  std::size_t size = bytes.size();
  for (; size >= 0x80; size >>= 7) {
    out += static_cast<char>(size | 0x80);
  }
  out += static_cast<char>(size);
  out += bytes;
}

namespace {

void append_quoted(std::string& out, std::string_view text) {
  out += '\'';
  internal::append_escaped(out, text);
  out += '\'';
}

std::string hexadecimal(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  }
  return text;
}

void append_number_of(std::string& out, std::string_view bytes) {
  if (bytes.size() > sizeof(long long)) {
    out += "an integer of " + std::to_string(bytes.size()) + " bytes";
  } else {
    out += std::to_string(integer_of(bytes));
  }
}

void append_key(std::string& out, std::string_view key, int depth);

void append_tuple(std::string& out, std::string_view elements, int depth) {
  StoredReader in(elements);
  out += '(';
  for (bool first = true; !in.empty(); first = false) {
    out += first ? "" : ", ";
    append_key(out, in.get_string(), depth + 1);
  }
  out += ')';
}

void append_member(std::string& out, std::string_view bytes, bool is_flag) {
  StoredReader in(bytes);
  std::string_view name = in.get_string();
  if (const std::size_t colon = name.find(':'); colon != name.npos) {
    name.remove_prefix(colon + 1);
  }
  const std::string_view member = in.get_bytes(in.left());
  internal::append_escaped(out, name);
  out += is_flag ? '(' : '.';
  if (is_flag) {
    append_number_of(out, member);
    out += ')';
  } else {
    internal::append_escaped(out, member);
  }
}

void append_float(std::string& out, std::string_view bytes) {
  internal::append_number(out, StoredReader(bytes).get<double>());
}

/// Throws StoredError when the bytes are no key.
void append_key(std::string& out, std::string_view key, int depth) {
  if (key.empty() || depth > most_nested_keys) {
    throw StoredError("these bytes are no key");
  }
  const std::string_view rest = key.substr(1);
  switch (static_cast<KeyTag>(key.front())) {
    case KeyTag::none:
      out += "None";
      return;
    case KeyTag::boolean:
      out += rest == std::string_view("\0", 1) ? "False" : "True";
      return;
    case KeyTag::integer:
      return append_number_of(out, rest);
    case KeyTag::floating:
      return append_float(out, rest);
    case KeyTag::text:
      return append_quoted(out, rest);
    case KeyTag::bytes:
      out += 'b';
      return append_quoted(out, rest);
    case KeyTag::tuple:
      return append_tuple(out, rest, depth);
    case KeyTag::enum_member:
      return append_member(out, rest, false);
    case KeyTag::flag:
      return append_member(out, rest, true);
    case KeyTag::date:
      out += "date of day ";
      return append_number_of(out, rest);
    case KeyTag::naive_time:
    case KeyTag::instant:
      out += "datetime of microsecond ";
      return append_number_of(out, rest);
    case KeyTag::uuid:
      out += "UUID " + hexadecimal(rest);
      return;
  }
  throw StoredError("these bytes are no key");
}

}  // namespace

void append_description_of(std::string& out, const PyKey& key) {
  std::string text;
  try {
    append_key(text, key.bytes, 0);
  } catch (const StoredError&) {
    text.clear();
    append_quoted(text, key.bytes);
  }
  out += text;
}

}  // namespace wallaroo::python
