// State of Python objects in checkpoints.
#pragma once

#include <string>

#include <wallaroo/types/stored.hpp>

#include "python/objects/record.hpp"
#include "record/stored/stored_bytes.hpp"

/// A checkpoint holds the bytes of the codec; none stand for a state that is not made yet. `append`
/// appends the bytes that `save` returns. `fetch` and those like it: see state/fetch_ahead.hpp;
/// they require the lock.
template <>
struct wallaroo::Stored<wallaroo::python::PyState> {
  using Type = std::string;
  static void append(const wallaroo::python::PyState& state, internal::StoredWriter& out);
  static void fetch(const wallaroo::python::PyState& state);
  static void fetch_places(const wallaroo::python::PyState& state);
  static void fetch_parts(const wallaroo::python::PyState& state);
  static Type save(const wallaroo::python::PyState& state);
  static wallaroo::python::PyState load(const Type& bytes);
};

/// Records wait in joins and timers; their marks are stored with them.
template <>
struct wallaroo::Stored<wallaroo::python::PyRecord> {
  using Type = std::string;
  static void append(const wallaroo::python::PyRecord& record, internal::StoredWriter& out);
  static Type save(const wallaroo::python::PyRecord& record);
  static wallaroo::python::PyRecord load(const Type& bytes);
};
