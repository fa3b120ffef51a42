#include "python/objects/gil.hpp"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <utility>

namespace wallaroo::python {

constinit thread_local int gil_depth = 0;

namespace {

/// A reference that waits for a scope.
struct Dropped {
  PyObject* object;
  Dropped* next;
};

std::atomic<Dropped*> dropped_list{nullptr};
std::atomic<std::uint64_t> acquired_count{0};
std::atomic<std::uint64_t> left_count{0};

void release_dropped() {
  Dropped* next = dropped_list.exchange(nullptr, std::memory_order_acquire);
  while (next != nullptr) {
    Dropped* const one = next;
    next = one->next;
    Py_DECREF(one->object);
    delete one;
  }
}

std::atomic<bool> ending{false};
std::atomic<int> wanting{0};  ///< threads that are about to get the lock
std::atomic<std::thread::id> ending_thread{};

/// Counts this thread among those that want the lock, or waits for ever.
class Wanting {
 public:
  Wanting() {
    wanting.fetch_add(1);
    if (ending.load() && ending_thread.load() != std::this_thread::get_id()) {
      wanting.fetch_sub(1);
      for (;;) {
        pause();
      }
    }
  }
  ~Wanting() { wanting.fetch_sub(1); }
  Wanting(const Wanting&) = delete;
  Wanting& operator=(const Wanting&) = delete;
};

void restore(PyThreadState* state) {
  const Wanting wanting_now;
  PyEval_RestoreThread(state);
}

/// What a thread knows about the lock. A thread of the engine keeps the state that
/// PyGILState_Ensure made until it ends, because a new one for each scope would be slow.
struct ThreadGil {
  PyThreadState* saved = nullptr;  ///< to take the lock again; null: this thread never had it
  bool own_state = false;          ///< `saved` was made for this thread of the engine
  bool released = false;           ///< a GilRelease of this thread is open
  PyGILState_STATE ensured{};

  ~ThreadGil() {
    if (own_state && saved != nullptr && Py_IsInitialized() != 0) {
      restore(saved);
      PyGILState_Release(ensured);
    }
  }

  void take() {
    acquired_count.fetch_add(1, std::memory_order_relaxed);
    if (saved != nullptr) {
      restore(std::exchange(saved, nullptr));
      return;
    }
    if (PyGILState_GetThisThreadState() != nullptr) {
      // A thread of Python holds the lock already, so it waits for nothing, and must not wait.
      ensured = PyGILState_Ensure();
      return;
    }
    const Wanting wanting_now;
    ensured = PyGILState_Ensure();
    own_state = true;
  }
  void give() {
    if (own_state || released) {
      saved = PyEval_SaveThread();
    } else {
      PyGILState_Release(ensured);
    }
  }
};

thread_local ThreadGil this_thread;

}  // namespace

GilScope::GilScope() {
  if (gil_depth++ == 0) {
    this_thread.take();
    if (dropped_list.load(std::memory_order_relaxed) != nullptr) [[unlikely]] {
      release_dropped();
    }
  }
}

GilScope::~GilScope() {
  if (gil_depth == 1) {
    if (dropped_list.load(std::memory_order_relaxed) != nullptr) [[unlikely]] {
      release_dropped();
    }
    gil_depth = 0;
    this_thread.give();
  } else {
    --gil_depth;
  }
}

GilRelease::GilRelease()
    : depth_(std::exchange(gil_depth, 0)),
      nested_(std::exchange(this_thread.released, true)),
      before_(this_thread.saved) {
  this_thread.saved = PyEval_SaveThread();
}

GilRelease::~GilRelease() {
  this_thread.released = nested_;
  restore(std::exchange(this_thread.saved, before_));
  gil_depth = depth_;
}

void leave_to_scope(PyObject* object) noexcept {
  if (Py_IsInitialized() == 0) {
    return;
  }
  left_count.fetch_add(1, std::memory_order_relaxed);
  auto* const one = new Dropped{object, dropped_list.load(std::memory_order_relaxed)};
  while (!dropped_list.compare_exchange_weak(one->next, one, std::memory_order_release,
                                             std::memory_order_relaxed)) {
  }
}

void leave_interpreter() {
  ending_thread.store(std::this_thread::get_id());
  ending.store(true);
  const GilRelease release;
  while (wanting.load() != 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

bool interpreter_ends() noexcept { return ending.load(); }

bool is_engine_thread() noexcept { return this_thread.own_state; }

GilCounts gil_counts() {
  return {acquired_count.load(std::memory_order_relaxed),
          left_count.load(std::memory_order_relaxed)};
}

}  // namespace wallaroo::python
