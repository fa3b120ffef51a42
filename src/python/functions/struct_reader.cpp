#include "python/functions/struct_reader.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <utility>

#include <boost/container/small_vector.hpp>

namespace wallaroo::python {

namespace {

constexpr std::size_t most_values = 10'000;  ///< in a format that is read here

bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }
bool is_space(char letter) { return letter == ' ' || (letter >= '\t' && letter <= '\r'); }

}  // namespace

// Sizes are those of Linux on 64 bits where the format does not mark the order of bytes.
std::optional<StructReader::Code> StructReader::code_of(char letter, bool native) {
  switch (letter) {
    case 'x':
      return Code{Kind::padding, 1};
    case 'c':
      return Code{Kind::character, 1};
    case '?':
      return Code{Kind::boolean, 1};
    case 'b':
      return Code{Kind::integer, 1};
    case 'B':
      return Code{Kind::natural, 1};
    case 'h':
      return Code{Kind::integer, 2};
    case 'H':
      return Code{Kind::natural, 2};
    case 'i':
      return Code{Kind::integer, 4};
    case 'I':
      return Code{Kind::natural, 4};
    case 'l':
      return Code{Kind::integer, native ? sizeof(long) : 4};
    case 'L':
      return Code{Kind::natural, native ? sizeof(long) : 4};
    case 'q':
      return Code{Kind::integer, 8};
    case 'Q':
      return Code{Kind::natural, 8};
    case 'f':
      return Code{Kind::floating, 4};
    case 'd':
      return Code{Kind::floating, 8};
    case 's':
      return Code{Kind::bytes, 1};
    default:
      return std::nullopt;
  }
}

bool StructReader::add(Code code, std::size_t count, bool native) {
  if (native) {
    size_ = (size_ + code.size - 1) / code.size * code.size;
  }
  if (code.kind == Kind::bytes) {
    values_.push_back({Kind::bytes, size_, count});
  } else if (code.kind != Kind::padding) {
    if (count > most_values - std::min(values_.size(), most_values)) {
      return false;
    }
    for (std::size_t i = 0; i < count; ++i) {
      values_.push_back({code.kind, size_ + i * code.size, code.size});
    }
  }
  size_ += count * code.size;
  return true;
}

// The format is right, because Python has taken it.
bool StructReader::parse(std::string_view format) {
  const char order = format.empty() ? '@' : format.front();
  const bool is_marked = std::string_view("@=<>!").find(order) != std::string_view::npos;
  const bool native = !is_marked || order == '@';
  swapped_ = order == '>' || order == '!';
  std::size_t count = 1;
  for (std::size_t at = is_marked ? 1 : 0; at < format.size(); ++at) {
    if (is_space(format[at])) {
      continue;
    }
    if (is_digit(format[at])) {
      count = 0;
      for (; at < format.size() && is_digit(format[at]); ++at) {
        count = 10 * count + static_cast<std::size_t>(format[at] - '0');
        if (count > std::numeric_limits<std::uint32_t>::max()) {
          return false;
        }
      }
    }
    const std::optional<Code> code =
        at < format.size() ? code_of(format[at], native) : std::nullopt;
    if (!code || !add(*code, std::exchange(count, 1), native)) {
      return false;
    }
  }
  return true;
}

std::optional<StructReader> StructReader::of(std::string_view format, std::size_t size) {
  StructReader reader;
  // A format that was understood otherwise than Python does is left to it.
  if (!reader.parse(format) || reader.size_ != size) {
    return std::nullopt;
  }
  return reader;
}

std::uint64_t StructReader::bits(const char* from, std::size_t size) const {
  static_assert(std::endian::native == std::endian::little);
  std::uint64_t bits = 0;
  std::memcpy(&bits, from, size);
  return swapped_ ? __builtin_bswap64(bits) >> (64 - 8 * size) : bits;
}

PyObject* StructReader::value_of(const Value& value, const char* record) const {
  const char* const from = record + value.at;
  switch (value.kind) {
    case Kind::boolean:
      return PyBool_FromLong(*from != 0);
    case Kind::integer: {
      const std::size_t unused = 64 - 8 * value.size;
      const auto shifted = static_cast<std::int64_t>(bits(from, value.size) << unused);
      return PyLong_FromLongLong(shifted >> unused);
    }
    case Kind::natural:
      return PyLong_FromUnsignedLongLong(bits(from, value.size));
    case Kind::floating:
      return PyFloat_FromDouble(
          value.size == 4 ? std::bit_cast<float>(static_cast<std::uint32_t>(bits(from, value.size)))
                          : std::bit_cast<double>(bits(from, value.size)));
    default:
      return PyBytes_FromStringAndSize(from, static_cast<Py_ssize_t>(value.size));
  }
}

PyRecord StructReader::read(std::string_view bytes, const Shared& make) const {
  if (!make) {
    PyRecord tuple = PyRecord::steal(checked(PyTuple_New(static_cast<Py_ssize_t>(values_.size()))));
    for (std::size_t i = 0; i < values_.size(); ++i) {
      checked(PyTuple_SetItem(tuple.get(), static_cast<Py_ssize_t>(i),
                              checked(value_of(values_[i], bytes.data()))));
    }
    return tuple;
  }
  boost::container::small_vector<PyRecord, 16> values;
  // The free place in front lets bound methods put their object there.
  boost::container::small_vector<PyObject*, 17> places = {nullptr};
  for (const Value& value : values_) {
    values.push_back(PyRecord::steal(checked(value_of(value, bytes.data()))));
    places.push_back(values.back().get());
  }
  return PyRecord::steal(checked(PyObject_Vectorcall(
      make.get(), places.data() + 1, values.size() | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr)));
}

}  // namespace wallaroo::python
