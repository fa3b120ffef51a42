// A type with everything that can be stored, for tests.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <rapidcheck.h>
#include <boost/container/flat_map.hpp>
#include <boost/container/flat_set.hpp>
#include <boost/container/small_vector.hpp>
#include <boost/container/static_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include "record/stored/stored.hpp"

namespace wallaroo::stored_test {

/// A class that is not an aggregate and has no default.
class Money {
 public:
  static Money of_cents(std::int64_t cents) { return Money(cents); }
  std::int64_t cents() const { return cents_; }
  bool operator==(const Money&) const = default;

 private:
  explicit Money(std::int64_t cents) : cents_(cents) {}
  std::int64_t cents_;
};

enum class Color : std::uint8_t { red, green, blue };
enum class Switch : bool { off, on };
struct Empty {
  bool operator==(const Empty&) const = default;
};
struct Point {
  std::int32_t x = 0;
  std::int32_t y = 0;
  auto operator<=>(const Point&) const = default;
};
struct Inner {
  std::string name;
  double price = 0;
  std::optional<bool> flag;
  bool operator==(const Inner&) const = default;
};
struct Numbers {
  bool truth = false;
  char letter = 'a';
  std::int8_t i8 = 0;
  std::uint8_t u8 = 0;
  std::int16_t i16 = 0;
  std::uint16_t u16 = 0;
  std::int32_t i32 = 0;
  std::uint32_t u32 = 0;
  std::int64_t i64 = 0;
  std::uint64_t u64 = 0;
  float f32 = 0;
  double f64 = 0;
  Color color = Color::red;
  Switch power = Switch::off;
  bool operator==(const Numbers&) const = default;
};
struct Parts {
  std::variant<std::monostate, std::int64_t, std::string> choice;
  std::pair<std::string, Point> pair;
  std::tuple<std::int16_t, std::optional<std::string>> tuple;
  std::vector<std::array<std::string, 2>> texts;
  std::array<Point, 2> points;
  std::array<std::uint16_t, 20> numbers{};
  std::chrono::milliseconds duration{};
  std::chrono::system_clock::time_point time;
  Empty empty;
  bool operator==(const Parts&) const = default;
};
struct Sequences {
  std::string text;
  std::vector<Point> points;
  std::vector<bool> truths;
  std::vector<std::optional<std::string>> texts;
  std::deque<Inner> deque;
  std::list<std::uint16_t> list;
  boost::container::small_vector<Point, 2> small;
  boost::container::static_vector<std::string, 4> few;
  bool operator==(const Sequences&) const = default;
};
struct Tables {
  std::map<std::string, std::vector<Inner>> map;
  std::multimap<int, std::string> multimap;
  std::set<std::int64_t> set;
  std::unordered_map<std::uint64_t, std::string> unordered_map;
  std::unordered_set<std::string> unordered_set;
  boost::unordered_flat_map<std::uint32_t, Point> flat;
  boost::container::flat_map<std::string, bool> sorted;
  boost::container::flat_set<int> sorted_set;
  bool operator==(const Tables&) const = default;
};
struct Everything {
  Numbers numbers;
  Parts parts;
  Sequences sequences;
  Tables tables;
  std::optional<Money> money;
  std::vector<Money> moneys;
  bool operator==(const Everything&) const = default;
};

template <class T>
T any() {
  return *rc::gen::arbitrary<T>();
}
inline std::size_t up_to(std::size_t most) { return *rc::gen::inRange<std::size_t>(0, most + 1); }
template <class T>
std::optional<T> maybe(T value) {
  return any<bool>() ? std::optional<T>(std::move(value)) : std::nullopt;
}
inline Point any_point() { return {any<std::int32_t>(), any<std::int32_t>()}; }
inline Inner any_inner() { return {any<std::string>(), any<double>(), maybe(any<bool>())}; }
/// Makes a container of up to four elements.
template <class C, class Make>
C some(Make make) {
  C all;
  for (std::size_t i = up_to(4); i > 0; --i) {
    all.insert(all.end(), make());
  }
  return all;
}

inline Numbers any_numbers() {
  return {any<bool>(),
          any<char>(),
          any<std::int8_t>(),
          any<std::uint8_t>(),
          any<std::int16_t>(),
          any<std::uint16_t>(),
          any<std::int32_t>(),
          any<std::uint32_t>(),
          any<std::int64_t>(),
          any<std::uint64_t>(),
          any<float>(),
          any<double>(),
          static_cast<Color>(any<std::uint8_t>()),
          static_cast<Switch>(any<bool>())};
}
inline Parts any_parts() {
  Parts parts;
  if (const std::size_t alternative = up_to(2); alternative == 1) {
    parts.choice = any<std::int64_t>();
  } else if (alternative == 2) {
    parts.choice = any<std::string>();
  }
  parts.pair = {any<std::string>(), any_point()};
  parts.tuple = {any<std::int16_t>(), maybe(any<std::string>())};
  parts.texts = {{any<std::string>(), any<std::string>()}};
  parts.points = {any_point(), any_point()};
  parts.numbers[up_to(19)] = any<std::uint16_t>();
  parts.duration = std::chrono::milliseconds(any<std::int64_t>());
  parts.time += std::chrono::nanoseconds(any<std::int64_t>());
  return parts;
}
inline Sequences any_sequences() {
  return {any<std::string>(),
          some<decltype(Sequences::points)>(any_point),
          any<std::vector<bool>>(),
          some<decltype(Sequences::texts)>([] { return maybe(any<std::string>()); }),
          some<decltype(Sequences::deque)>(any_inner),
          any<std::list<std::uint16_t>>(),
          some<decltype(Sequences::small)>(any_point),
          some<decltype(Sequences::few)>(any<std::string>)};
}
inline Tables any_tables() {
  Tables tables;
  for (std::size_t i = up_to(4); i > 0; --i) {
    tables.map[any<std::string>()] = some<std::vector<Inner>>(any_inner);
    tables.multimap.emplace(static_cast<int>(up_to(2)), any<std::string>());
    tables.set.insert(any<std::int64_t>());
    tables.unordered_map[any<std::uint64_t>()] = any<std::string>();
    tables.unordered_set.insert(any<std::string>());
    tables.flat[any<std::uint32_t>()] = any_point();
    tables.sorted[any<std::string>()] = any<bool>();
    tables.sorted_set.insert(any<int>());
  }
  return tables;
}
inline Everything any_everything() {
  Everything all;
  all.numbers = any_numbers();
  all.parts = any_parts();
  all.sequences = any_sequences();
  all.tables = any_tables();
  all.money = maybe(Money::of_cents(any<std::int64_t>()));
  for (std::size_t i = up_to(3); i > 0; --i) {
    all.moneys.push_back(Money::of_cents(any<std::int64_t>()));
  }
  return all;
}

template <class T>
std::string bytes_of(const T& value) {
  internal::StoredWriter out;
  internal::store(value, out);
  return out.take();
}

inline std::string hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  }
  return text;
}

/// Loads a T from bytes that were stored as an Old. Throws when bytes are left.
template <class T, class Old = T>
T value_of(std::string_view bytes) {
  internal::StoredReader in(bytes);
  T value = internal::Loader<T>(internal::schema_of<Old>())(in);
  if (!in.empty()) {
    throw StoredError("bytes are left");
  }
  return value;
}

}  // namespace wallaroo::stored_test

template <>
struct wallaroo::Stored<wallaroo::stored_test::Money> {
  using Type = std::int64_t;
  static Type save(const stored_test::Money& money) { return money.cents(); }
  static stored_test::Money load(Type cents) { return stored_test::Money::of_cents(cents); }
};
