// Python objects as records and as state of the engine.
#pragma once

#include <Python.h>

#include <any>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include "python/objects/gil.hpp"
#include "record/views.hpp"

namespace wallaroo::python {

/// A record: a reference to an object, and two marks: the side of a join to which it belongs, and
/// whether it came too late. Copies share the object, and are only made inside of a GilScope. An
/// empty one is what remains after a move.
class PyRecord {
 public:
  PyRecord() = default;
  /// Takes over a reference, which must not be null.
  static PyRecord steal(PyObject* object) { return PyRecord(bits_of(object)); }
  /// Adds a reference to the object, which must not be null.
  static PyRecord share(PyObject* object) {
    Py_INCREF(object);
    return steal(object);
  }

  PyRecord(const PyRecord& other) : bits_(other.bits_) { Py_XINCREF(get()); }
  PyRecord(PyRecord&& other) noexcept : bits_(std::exchange(other.bits_, 0)) {}
  PyRecord& operator=(PyRecord other) noexcept {
    std::swap(bits_, other.bits_);
    return *this;
  }
  ~PyRecord() {
    if (bits_ != 0) {
      drop(get());
    }
  }

  /// The object, as a reference that the record keeps; null when it is empty.
  PyObject* get() const { return reinterpret_cast<PyObject*>(bits_ & ~all_marks); }
  /// The object, with the reference.
  PyObject* release() {
    PyObject* const object = get();
    bits_ = 0;
    return object;
  }

  int side() const { return (bits_ & side_mark) != 0 ? 1 : 0; }
  void set_side(int side) { mark(side_mark, side == 1); }
  bool late() const { return (bits_ & late_mark) != 0; }
  void set_late(bool late) { mark(late_mark, late); }

 private:
  static constexpr std::uintptr_t side_mark = 1;
  static constexpr std::uintptr_t late_mark = 2;
  static constexpr std::uintptr_t all_marks = side_mark | late_mark;

  explicit PyRecord(std::uintptr_t bits) : bits_(bits) {}
  static std::uintptr_t bits_of(PyObject* object) {
    return reinterpret_cast<std::uintptr_t>(object);
  }
  void mark(std::uintptr_t mark, bool set) { bits_ = (bits_ & ~mark) | (set ? mark : 0); }

  // Objects are aligned to eight bytes at least, so the lowest bits are free for the marks.
  std::uintptr_t bits_ = 0;
};

/// Appends the repr() of the object, cut to a length that fits a message. If repr() raises, the
/// text says so.
void append_description_of(std::string& out, const PyRecord& record);

/// The object of a dead letter: the record. Requires the lock.
std::any dead_letter_object(const PyRecord& record);
/// A tuple of the records of a pair, with None for one that is missing. Requires the lock.
std::any dead_letter_object(const PyRecord* left, const PyRecord* right);

/// The state of a key: any object. It is empty until the function of the stage makes it.
class PyState {
 public:
  bool empty() const { return value_.get() == nullptr; }
  PyObject* get() const { return value_.get(); }
  /// Takes over a reference. The object before is given up afterwards, so that its `__del__` meets
  /// the new state.
  void set(PyObject* object) {
    const PyRecord before = std::exchange(value_, PyRecord::steal(object));
  }

 private:
  PyRecord value_;
};

}  // namespace wallaroo::python

// An object owns what it holds.
template <>
struct wallaroo::internal::MayHoldViews<wallaroo::python::PyRecord> : std::false_type {};
template <>
struct wallaroo::internal::MayHoldViews<wallaroo::python::PyState> : std::false_type {};
