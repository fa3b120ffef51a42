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

/// How many scopes of this thread are open. Without a destructor, so that looking at it costs no
/// call.
extern constinit thread_local int gil_depth [[gnu::tls_model("initial-exec")]];

/// Drops what was left to a scope when it is destroyed. As the first member of an object that
/// Python destroys, it sees to it that references of later members do not wait for the next run.
struct DropAtEnd {
  ~DropAtEnd() { const GilScope scope; }
};

/// True inside of a GilScope of this thread.
inline bool holds_gil() noexcept { return gil_depth != 0; }

/// Leaves a reference to the next scope of any thread. After the interpreter has ended nothing
/// happens.
void leave_to_scope(PyObject* object) noexcept;

/// Gives up a reference, which must not be null. A thread without the lock leaves it to a scope.
inline void drop(PyObject* object) noexcept {
  if (holds_gil()) [[likely]] {
    Py_DECREF(object);
  } else {
    leave_to_scope(object);
  }
}

/// Call it with the lock when the interpreter is about to end. Other threads that want the lock
/// from now on wait for ever, because the interpreter would end them inside of functions that
/// cannot be left like that.
void leave_interpreter();
/// True after leave_interpreter().
bool interpreter_ends() noexcept;

/// True on a thread that the engine made, once it has called Python.
bool is_engine_thread() noexcept;

/// How often the lock was taken by outermost scopes, and how many references were left to a scope.
struct GilCounts {
  std::uint64_t acquired;
  std::uint64_t left_to_scopes;
};
GilCounts gil_counts();

}  // namespace wallaroo::python
