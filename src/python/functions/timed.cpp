#include "python/functions/timed.hpp"

#include <chrono>
#include <memory>
#include <stdexcept>
#include <utility>

#include <nanobind/nanobind.h>
#include <nanobind/stl/shared_ptr.h>

#include "python/functions/computations.hpp"

namespace wallaroo::python {

namespace {

/// A view as an object of Python, for one call.
class ViewForCall {
 public:
  ViewForCall(Timers& timers, const Timer* timer, const PyKey* key)
      : view_(std::make_shared<TimersView>(timers, timer, key)), object_(nanobind::cast(view_)) {}
  ViewForCall(const ViewForCall&) = delete;
  ViewForCall& operator=(const ViewForCall&) = delete;
  ~ViewForCall() { view_->end(); }
  PyObject* get() const { return object_.ptr(); }

 private:
  std::shared_ptr<TimersView> view_;
  nanobind::object object_;
};

std::optional<PyRecord> unless_none(PyRecord made) {
  return made.get() == Py_None ? std::nullopt : std::optional(std::move(made));
}

}  // namespace

Timers& TimersView::open() const {
  if (timers_ == nullptr) {
    throw std::runtime_error(
        "timers can only be used during the call that they were given to: keep what you need, not "
        "the object");
  }
  return *timers_;
}

void TimersView::at(std::int64_t due_ns, std::uint64_t id) {
  open().at(EventTime(std::chrono::nanoseconds(due_ns)), id);
}
void TimersView::after(std::int64_t delay_ns, std::uint64_t id) {
  open().after(std::chrono::nanoseconds(delay_ns), id);
}
void TimersView::cancel(std::uint64_t id) { open().cancel(id); }
std::int64_t TimersView::event_time_ns() const {
  return open().event_time().time_since_epoch().count();
}
std::int64_t TimersView::watermark_ns() const {
  return open().watermark().time_since_epoch().count();
}
const Timer* TimersView::timer() const {
  static_cast<void>(open());
  return timer_;
}
PyObject* TimersView::key() const {
  static_cast<void>(open());
  return key_ == nullptr ? nullptr : object_of(*key_).release().ptr();
}

std::optional<PyRecord> TimedFunction::operator()(const PyRecord& record, PyState& state,
                                                  Timers& timers) const {
  ensure_state(state, initial);
  const ViewForCall view(timers, nullptr, nullptr);
  return unless_none(call(function, record.get(), state.get(), view.get()));
}

std::optional<PyRecord> TimedFunction::on_timer(const PyKey& key, PyState& state,
                                                const Timer& timer, Timers& timers) const {
  ensure_state(state, initial);
  const ViewForCall view(timers, &timer, &key);
  return unless_none(call(timer_function, state.get(), view.get()));
}

}  // namespace wallaroo::python
