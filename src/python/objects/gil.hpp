// The interpreter's lock, as the engine's threads take it.
#pragma once

#include <Python.h>

#include <cstdint>

namespace wallaroo::python {

/// Holds the interpreter's lock while it exists. Scopes may be nested; only the outermost takes the
/// lock. The first one of a thread gives it a PyThreadState, which it keeps until it ends. No lock
/// of the engine may be held by a thread that makes a scope, nor be waited for inside of one.
class GilScope {
 public:
  GilScope();
  ~GilScope();
  GilScope(const GilScope&) = delete;
  GilScope& operator=(const GilScope&) = delete;
};

/// Gives the lock back while it exists, in a thread that the interpreter called.
class GilRelease {
 public:
  GilRelease();
  ~GilRelease();
  GilRelease(const GilRelease&) = delete;
  GilRelease& operator=(const GilRelease&) = delete;

 private:
  int depth_;
  bool nested_;  ///< inside of another GilRelease of this thread
  PyThreadState* before_;
};

/// Gives up a reference, which may be null. A thread without the lock leaves it to the next scope
/// of any thread. After the interpreter has ended nothing happens.
void drop(PyObject* object) noexcept;

/// True inside of a GilScope of this thread.
bool holds_gil() noexcept;

/// How often the lock was taken by outermost scopes, and how many references were left to a scope.
struct GilCounts {
  std::uint64_t acquired;
  std::uint64_t left_to_scopes;
};
GilCounts gil_counts();

}  // namespace wallaroo::python
