// Adds stages of windows, and joins.

#include <optional>
#include <utility>

#include "plan/step_of.hpp"
#include "python/adding.hpp"
#include "step/steps/join_step.hpp"
#include "step/steps/window_step.hpp"

namespace wallaroo::python {

using internal::JoinKind;
using internal::StageId;
using internal::StageKind;
using internal::WindowKind;

namespace {

template <WindowKind kind>
using WindowsOf = internal::WindowStep<kind, Aggregation, PyRecord, PyKey, true>;

/// f(left, right) of Python. A record that is emitted alone has None as its partner.
struct JoinFunction {
  Shared function;

  std::optional<PyRecord> operator()(const PyRecord* left, const PyRecord* right) const {
    PyRecord made = call(function, object_of_side(left), object_of_side(right));
    return made.get() == Py_None ? std::nullopt : std::optional(std::move(made));
  }

 private:
  static PyObject* object_of_side(const PyRecord* side) {
    return side == nullptr ? Py_None : side->get();
  }
};

}  // namespace

StreamNumber PyApplication::windows(StreamNumber from, StageWords words,
                                    const internal::WindowSettings& settings,
                                    Aggregation aggregation) {
  internal::check_windows(open().graph(), words.name, settings, true);
  const auto with = [&]<WindowKind kind>() {
    using Step = WindowsOf<kind>;
    return add<Step>(from, std::move(words), StageKind::window, [&](StageId stage) {
      return typename Step::Spec{stage, settings, std::move(aggregation)};
    });
  };
  switch (settings.kind) {
    case WindowKind::range:
      return with.operator()<WindowKind::range>();
    case WindowKind::session:
      return with.operator()<WindowKind::session>();
    case WindowKind::count:
      return with.operator()<WindowKind::count>();
  }
  return from;
}

StreamNumber PyApplication::join(StreamNumber left, StreamNumber right, StageWords words,
                                 const internal::JoinSettings& settings, Shared function) {
  using Marker = internal::ComputationStep<SideMarker, PyRecord, PyKey>;
  internal::check_join(open().graph(), words.name, settings, true);
  const auto marked = [&](StreamNumber from, int side, const char* end) {
    return add<Marker>(from, {words.name + end}, StageKind::computation, [&](StageId stage) {
      return Marker::Spec{stage, SideMarker{side}};
    });
  };
  const StreamNumber sides[] = {marked(left, 0, ".left"), marked(right, 1, ".right")};
  const StreamNumber both = merge({sides[0], sides[1]});
  // The function takes a record without its partner, so the step is that of a full join; the
  // settings say which records are emitted alone.
  using Step = internal::JoinStep<JoinKind::full, JoinFunction, PyRecord, PyRecord, PyKey, true>;
  return add<Step>(both, std::move(words), StageKind::join, [&](StageId stage) {
    return typename Step::Spec{stage, settings, JoinFunction{std::move(function)}};
  });
}

}  // namespace wallaroo::python
