// Where instances of CPython 3.11 to 3.13 keep their attributes.
#pragma once

#include <Python.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace wallaroo::python {

/// The attributes of an instance that has no `__dict__`: an array with a place for each name that
/// instances of the class have had, and the places that are taken, in the order in which they were
/// assigned. A name keeps its place as long as the class lives.
struct OwnValues {
  const char* values = nullptr;  ///< null: the instance has a `__dict__`, or it is not known
  const std::uint8_t* order = nullptr;
  std::ptrdiff_t step = 1;  ///< from a byte of the order to the next one
  std::size_t count = 0;

  std::uint8_t place(std::size_t index) const {
    return order[static_cast<std::ptrdiff_t>(index) * step];
  }
  PyObject* value(std::size_t index) const {
    PyObject* object = nullptr;
    std::memcpy(&object, values + place(index) * sizeof object, sizeof object);
    return object;
  }
};

/// The versions differ in where the array is. No version before 3.11 has one, and of later ones
/// nothing is known, so that their instances are read by find_inline_values or by their `__dict__`.
enum class InstanceLayout : std::uint8_t {
  unknown,
  behind_pointer,         ///< 3.11: four words before the object is a pointer, null for none
  behind_tagged_pointer,  ///< 3.12: three words before it, less one; a `__dict__` is even
  inside,                 ///< 3.13: the array follows the head of the object
};

constexpr InstanceLayout layout_of_version(unsigned long version) {
  switch (version >> 16) {
    case 0x030B:
      return InstanceLayout::behind_pointer;
    case 0x030C:
      return InstanceLayout::behind_tagged_pointer;
    case 0x030D:
      return InstanceLayout::inside;
    default:
      return InstanceLayout::unknown;
  }
}

/// That of the interpreter that runs. Interpreters without the lock have a head of another size.
inline InstanceLayout instance_layout() {
#if UINTPTR_MAX != UINT64_MAX || defined(Py_GIL_DISABLED) || defined(Py_TRACE_REFS)
  return InstanceLayout::unknown;
#elif defined(Py_LIMITED_API)
  static const InstanceLayout layout = layout_of_version(Py_Version);
  return layout;
#else
  return layout_of_version(PY_VERSION_HEX);
#endif
}

namespace instance_bytes {

inline unsigned long flags_of(PyTypeObject* type) {
#ifdef Py_LIMITED_API
  return PyType_GetFlags(type);
#else
  return type->tp_flags;
#endif
}

constexpr unsigned long managed_dict = 1UL << 4;   ///< Py_TPFLAGS_MANAGED_DICT
constexpr unsigned long inline_values = 1UL << 2;  ///< Py_TPFLAGS_INLINE_VALUES

/// The array, and the bytes before it: the last is their number, the one before it the number of
/// the places that are taken, and these follow towards lower addresses.
inline OwnValues with_order_before(const char* values) {
  const auto* const before = reinterpret_cast<const std::uint8_t*>(values);
  return {values, before - 3, -1, before[-2]};
}

/// Four bytes that are padded to a word, the array, and the places. The bytes are the size of the
/// array, the number of the places that are taken, and two flags, of which the last says whether a
/// `__dict__` has taken the values over.
inline OwnValues with_order_behind(const char* head) {
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(head);
  if (bytes[3] == 0) {
    return {};
  }
  const char* const values = head + sizeof(void*);
  return {values, reinterpret_cast<const std::uint8_t*>(values + bytes[0] * sizeof(void*)), 1,
          bytes[1]};
}

inline std::uintptr_t word_before(PyObject* object, std::size_t words) {
  std::uintptr_t word = 0;
  std::memcpy(&word, reinterpret_cast<const char*>(object) - words * sizeof word, sizeof word);
  return word;
}

/// The array of an object that may keep one apart; null when it has none.
inline const char* array_apart(PyObject* object) {
  const InstanceLayout layout = instance_layout();
  if ((flags_of(Py_TYPE(object)) & managed_dict) == 0) {
    return nullptr;
  }
  if (layout == InstanceLayout::behind_pointer) {
    return reinterpret_cast<const char*>(word_before(object, 4));
  }
  if (layout == InstanceLayout::behind_tagged_pointer) {
    const std::uintptr_t tagged = word_before(object, 3);
    return (tagged & 1) != 0 ? reinterpret_cast<const char*>(tagged + 1) : nullptr;
  }
  return nullptr;
}

}  // namespace instance_bytes

/// Finds the attributes that an object keeps itself. Valid until the object changes. A shape learns
/// its places only from an instance whose values are known from its `__dict__`, too.
inline OwnValues own_values(PyObject* object) {
  using namespace instance_bytes;
  if (instance_layout() == InstanceLayout::inside) {
    const bool has = (flags_of(Py_TYPE(object)) & inline_values) != 0;
    return has ? with_order_behind(reinterpret_cast<const char*>(object) + sizeof(PyObject))
               : OwnValues{};
  }
  const char* const values = array_apart(object);
  return values != nullptr ? with_order_before(values) : OwnValues{};
}

/// Begins to fetch the attributes of an object that is in the cache.
inline void fetch_own_values(PyObject* object) {
  if (const char* const values = instance_bytes::array_apart(object); values != nullptr) {
    __builtin_prefetch(values - sizeof(void*));
    __builtin_prefetch(values);
  }
}

/// The places of attributes in the order in which they were assigned.
struct Places {
  static constexpr std::size_t most = 16;

  std::array<std::uint8_t, most> places{};
  std::size_t count = most + 1;  ///< more than `most`: not known

  bool known() const { return count <= most; }
  bool operator==(const OwnValues& own) const {
    if (own.values == nullptr || own.count != count) {
      return false;
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (own.place(i) != places[i]) {
        return false;
      }
    }
    return true;
  }
};

inline Places places_of(const OwnValues& own) {
  Places places;
  if (own.values != nullptr && own.count <= Places::most) {
    places.count = own.count;
    for (std::size_t i = 0; i < own.count; ++i) {
      places.places[i] = own.place(i);
    }
  }
  return places;
}

}  // namespace wallaroo::python
