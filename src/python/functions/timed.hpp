// State computations of Python with timers.
#pragma once

#include <Python.h>

#include <cstdint>
#include <optional>

#include <wallaroo/types/timers.hpp>

#include "python/objects/callable.hpp"
#include "python/objects/record.hpp"
#include "python/objects/state.hpp"
#include "python/values/key_object.hpp"

namespace wallaroo::python {

/// What a function of Python sees of its timers during a call. It may keep the object, but calls
/// after that raise.
class TimersView {
 public:
  TimersView(Timers& timers, const Timer* timer, const PyKey* key)
      : timers_(&timers), timer_(timer), key_(key) {}
  void end() {
    timers_ = nullptr;
    timer_ = nullptr;
    key_ = nullptr;
  }

  void at(std::int64_t due_ns, std::uint64_t id);
  void after(std::int64_t delay_ns, std::uint64_t id);
  void cancel(std::uint64_t id);
  std::int64_t event_time_ns() const;
  std::int64_t watermark_ns() const;
  /// The timer that fires; null in calls for a record.
  const Timer* timer() const;
  /// The key of the timer that fires, as a new reference; null in calls for a record.
  PyObject* key() const;

 private:
  Timers& open() const;

  Timers* timers_;
  const Timer* timer_;
  const PyKey* key_;
};

/// f(record, state, timers) and on_timer(state, timers) of Python.
struct TimedFunction {
  Shared function;
  Shared timer_function;
  Shared initial;

  std::optional<PyRecord> operator()(const PyRecord& record, PyState& state, Timers& timers) const;
  std::optional<PyRecord> on_timer(const PyKey& key, PyState& state, const Timer& timer,
                                   Timers& timers) const;
};

}  // namespace wallaroo::python
