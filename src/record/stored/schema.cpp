#include "record/stored/schema.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include <fmt/format.h>

namespace wallaroo::internal {

namespace {

struct ScalarName {
  SchemaKind kind;
  std::string_view name;
  std::uint64_t least_bytes;
};
constexpr std::array<ScalarName, 13> scalars{{
    {SchemaKind::boolean, "bool", 1},
    {SchemaKind::character, "char", 1},
    {SchemaKind::i8, "i8", 1},
    {SchemaKind::i16, "i16", 2},
    {SchemaKind::i32, "i32", 4},
    {SchemaKind::i64, "i64", 8},
    {SchemaKind::u8, "u8", 1},
    {SchemaKind::u16, "u16", 2},
    {SchemaKind::u32, "u32", 4},
    {SchemaKind::u64, "u64", 8},
    {SchemaKind::f32, "f32", 4},
    {SchemaKind::f64, "f64", 8},
    {SchemaKind::string, "string", 1},
}};

const ScalarName* scalar_of(SchemaKind kind) {
  const auto found = std::find_if(scalars.begin(), scalars.end(),
                                  [&](const ScalarName& scalar) { return scalar.kind == kind; });
  return found == scalars.end() ? nullptr : found;
}

constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();

std::uint64_t plus(std::uint64_t a, std::uint64_t b) { return a > most - b ? most : a + b; }
std::uint64_t times(std::uint64_t a, std::uint64_t b) { return b > most / a ? most : a * b; }

/// Limits the depth of types, because a broken text could otherwise overflow the stack.
constexpr int most_depth = 100;

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Schema whole() {
    Schema schema = any();
    if (at_ != text_.size()) {
      fail("its end");
    }
    return schema;
  }

 private:
  Schema any() {
    if (++depth_ > most_depth) {
      fail("a type that is less deep");
    }
    Schema schema = any_here();
    --depth_;
    return schema;
  }

  Schema any_here() {
    if (took("{")) {
      return Schema::record(list_until('}'));
    }
    if (at_ + 1 < text_.size() && text_[at_] == 'v' && is_digit(text_[at_ + 1])) {
      ++at_;
      const auto version = static_cast<std::uint32_t>(
          number(2, std::numeric_limits<std::uint32_t>::max(), "a version from 2 on"));
      return Schema::versioned(version, any());
    }
    const std::string_view word = next_word();
    for (const ScalarName& scalar : scalars) {
      if (word == scalar.name) {
        at_ += word.size();
        return Schema::scalar(scalar.kind);
      }
    }
    return generic(word);
  }

  Schema generic(std::string_view word) {
    if (took("list<")) {
      return Schema::list(last('>'));
    }
    if (took("optional<")) {
      return Schema::optional(last('>'));
    }
    if (took("variant<")) {
      return Schema::variant(list_until('>'));
    }
    if (took("map<")) {
      Schema key = last(',');
      return Schema::map(std::move(key), last('>'));
    }
    if (took("array<")) {
      const std::uint64_t size = number(1, most, "a size from 1 on");
      expect(',');
      return Schema::array(size, last('>'));
    }
    if (took("duration<")) {
      return chrono(SchemaKind::duration);
    }
    if (took("time<")) {
      return chrono(SchemaKind::time_point);
    }
    fail(word.empty() ? "a type" : "a type that it knows");
  }

  Schema chrono(SchemaKind kind) {
    Schema count = last(',');
    const std::uint64_t numerator = number(1, most, "a number from 1 on");
    expect('/');
    const std::uint64_t denominator = number(1, most, "a number from 1 on");
    expect('>');
    return Schema::chrono(kind, std::move(count), numerator, denominator);
  }

  Schema last(char end) {
    Schema schema = any();
    expect(end);
    return schema;
  }

  std::vector<Schema> list_until(char end) {
    std::vector<Schema> parts;
    if (at_ < text_.size() && text_[at_] == end) {
      ++at_;
      return parts;
    }
    for (;;) {
      parts.push_back(any());
      if (!took(",")) {
        expect(end);
        return parts;
      }
    }
  }

  std::uint64_t number(std::uint64_t least, std::uint64_t greatest, const char* what) {
    std::uint64_t value = 0;
    const char* begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (error != std::errc() || *begin == '0' || value < least || value > greatest) {
      fail(what);
    }
    at_ += static_cast<std::size_t>(end - begin);
    return value;
  }

  std::string_view next_word() const {
    const std::string_view rest = text_.substr(at_);
    const auto end = std::find_if(rest.begin(), rest.end(),
                                  [](char c) { return !is_digit(c) && (c < 'a' || c > 'z'); });
    return rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
  }

  bool took(std::string_view expected) {
    if (!text_.substr(at_).starts_with(expected)) {
      return false;
    }
    at_ += expected.size();
    return true;
  }
  void expect(char expected) {
    if (at_ >= text_.size() || text_[at_] != expected) {
      fail(fmt::format("'{}'", expected));
    }
    ++at_;
  }
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }

  [[noreturn]] void fail(const std::string& wanted) const {
    throw StoredError(fmt::format(
        "the description of a stored type is broken: at byte {} of {} there should be {}", at_,
        text_.size(), wanted));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

Schema Schema::of_one(SchemaKind kind, Schema part) {
  Schema schema(kind);
  schema.parts_.push_back(std::move(part));
  return schema;
}

Schema Schema::map(Schema key, Schema value) {
  Schema schema = of_one(SchemaKind::map, std::move(key));
  schema.parts_.push_back(std::move(value));
  return schema;
}

Schema Schema::array(std::uint64_t size, Schema element) {
  Schema schema = of_one(SchemaKind::array, std::move(element));
  schema.number_ = size;
  return schema;
}

Schema Schema::chrono(SchemaKind kind, Schema count, std::uint64_t numerator,
                      std::uint64_t denominator) {
  Schema schema = of_one(kind, std::move(count));
  schema.number_ = numerator;
  schema.denominator_ = denominator;
  return schema;
}

Schema Schema::versioned(std::uint32_t version, Schema body) {
  Schema schema = of_one(SchemaKind::versioned, std::move(body));
  schema.number_ = version;
  return schema;
}

Schema Schema::parse(std::string_view text) { return Parser(text).whole(); }

std::string Schema::text() const {
  std::string text;
  append_text(text);
  return text;
}

void Schema::append_text(std::string& text) const {
  switch (kind_) {
    case SchemaKind::record:
      text += '{';
      append_parts(text);
      text += '}';
      return;
    case SchemaKind::versioned:
      text += fmt::format("v{}", number_);
      append_parts(text);
      return;
    case SchemaKind::list:
      text += "list<";
      break;
    case SchemaKind::map:
      text += "map<";
      break;
    case SchemaKind::optional:
      text += "optional<";
      break;
    case SchemaKind::variant:
      text += "variant<";
      break;
    case SchemaKind::array:
      text += fmt::format("array<{},", number_);
      break;
    case SchemaKind::duration:
      text += "duration<";
      break;
    case SchemaKind::time_point:
      text += "time<";
      break;
    default:
      text += scalar_of(kind_)->name;
      return;
  }
  append_parts(text);
  if (denominator_ != 0) {
    text += fmt::format(",{}/{}", number_, denominator_);
  }
  text += '>';
}

void Schema::append_parts(std::string& text) const {
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    if (i != 0) {
      text += ',';
    }
    parts_[i].append_text(text);
  }
}

std::uint32_t Schema::version() const {
  return kind_ == SchemaKind::versioned ? static_cast<std::uint32_t>(number_) : 1;
}

std::uint64_t Schema::least_bytes() const {
  switch (kind_) {
    case SchemaKind::record: {
      std::uint64_t bytes = 0;
      for (const Schema& field : parts_) {
        bytes = plus(bytes, field.least_bytes());
      }
      return std::max<std::uint64_t>(bytes, 1);
    }
    case SchemaKind::variant:
      return 2;
    case SchemaKind::array:
      return times(number_, parts_[0].least_bytes());
    case SchemaKind::duration:
    case SchemaKind::time_point:
    case SchemaKind::versioned:
      return parts_[0].least_bytes();
    default: {
      const ScalarName* scalar = scalar_of(kind_);
      return scalar != nullptr ? scalar->least_bytes : 1;
    }
  }
}

}  // namespace wallaroo::internal
