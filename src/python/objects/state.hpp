// State of Python objects in checkpoints.
#pragma once

#include <string>

#include <wallaroo/types/stored.hpp>

#include "python/objects/record.hpp"

/// A checkpoint holds the bytes of the codec; none stand for a state that is not made yet.
template <>
struct wallaroo::Stored<wallaroo::python::PyState> {
  using Type = std::string;
  static Type save(const wallaroo::python::PyState& state);
  static wallaroo::python::PyState load(const Type& bytes);
};

/// Records wait in joins and timers; their marks are stored with them.
template <>
struct wallaroo::Stored<wallaroo::python::PyRecord> {
  using Type = std::string;
  static Type save(const wallaroo::python::PyRecord& record);
  static wallaroo::python::PyRecord load(const Type& bytes);
};
