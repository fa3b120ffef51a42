// Frames of a format of Python's module struct to objects.
#pragma once

#include <Python.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "python/objects/callable.hpp"
#include "python/objects/record.hpp"

namespace wallaroo::python {

/// Reads the values of one format, as `struct.unpack` does.
class StructReader {
 public:
  /// The reader of a format whose records have `size` bytes. Nothing for formats that are left to
  /// Python: those with half floats, Pascal strings or pointers.
  static std::optional<StructReader> of(std::string_view format, std::size_t size);

  std::size_t size() const { return size_; }
  /// Returns the values as a tuple, or `make(*values)` if there is a function. Requires `size()`
  /// bytes. Throws PythonError.
  PyRecord read(std::string_view bytes, const Shared& make) const;

 private:
  enum class Kind : std::uint8_t { padding, character, boolean, integer, natural, floating, bytes };
  struct Code {
    Kind kind;
    std::size_t size;  ///< of one value
  };
  struct Value {
    Kind kind;
    std::size_t at;
    std::size_t size;
  };

  static std::optional<Code> code_of(char letter, bool native);
  bool add(Code code, std::size_t count, bool native);
  bool parse(std::string_view format);
  std::uint64_t bits(const char* from, std::size_t size) const;
  PyObject* value_of(const Value& value, const char* record) const;

  std::vector<Value> values_;
  std::size_t size_ = 0;
  bool swapped_ = false;  ///< big endian
};

}  // namespace wallaroo::python
