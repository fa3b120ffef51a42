// The bytes with which values begin; see docs/formats/python-values.md.
#pragma once

#include <cstddef>
#include <cstdint>

namespace wallaroo::python {

/// The first byte of everything that is stored or sent.
enum class Form : std::uint8_t {
  native = 1,   ///< format 1 of this codec
  pickled = 2,  ///< pickle
  hooked = 3,   ///< what the application's own `serialize` returned
};

/// The first byte of a value in native form.
enum class Tag : std::uint8_t {
  none = 0,
  no = 1,
  yes = 2,
  floating = 3,
  int8 = 4,
  int16 = 5,
  int32 = 6,
  int64 = 7,
  integer = 8,
  text = 9,
  bytes = 10,
  bytearray = 11,
  list = 12,
  tuple = 13,
  dict = 14,
  set = 15,
  frozenset = 16,
  instance = 17,
  enum_member = 18,
  flag = 19,
  registered = 20,
  remembered = 21,  ///< the value that follows is referred to again
  seen = 22,        ///< a remembered value
  date = 23,
  datetime = 24,
  time = 25,
  timedelta = 26,
  decimal = 27,
  uuid = 28,
  numpy_scalar = 29,
  numpy_array = 30,
  deque = 31,
  ordered_dict = 32,
  counter = 33,
  defaultdict = 34,
  short_text = 64,  ///< to 95: a text of 0 to 31 bytes
  small = 128,      ///< to 255: an int from -32 to 95
};

inline constexpr std::size_t short_texts = 32;
inline constexpr long long least_small = -32;
inline constexpr long long most_small = 95;

/// How deep values may be nested. A level of encoding or decoding takes less than 1 KB of stack.
inline constexpr int most_nested_values = 1000;

/// How a datetime or time names its time zone.
enum class Zone : std::uint8_t { none = 0, utc = 1, fixed = 2 };

}  // namespace wallaroo::python
