// Adds stages with state.

#include <chrono>
#include <utility>

#include "plan/step_of.hpp"
#include "python/adding.hpp"
#include "python/functions/timed.hpp"
#include "step/steps/computation_step.hpp"
#include "step/steps/timed_state_step.hpp"

namespace wallaroo::python {

using internal::StageId;
using internal::StageKind;

namespace {

internal::Expiry expiry_of(const StateOptions& options) {
  return {options.expire_after_ns.value_or(0),
          options.by_processing_time ? ExpiryTime::processing_time : ExpiryTime::event_time};
}

template <class Step, class Function>
auto timed_spec(Function function, const StateOptions& options) {
  return [function = std::move(function), options](StageId stage) {
    typename Step::Spec spec{stage, function, expiry_of(options)};
    if (options.timeout_ns) {
      spec.timeout = std::chrono::nanoseconds(*options.timeout_ns);
    }
    return spec;
  };
}

void check(internal::Graph& graph, const std::string& stage, const StateOptions& options,
           bool has_timers) {
  if (has_timers) {
    graph.use_time();
  }
  if (options.expire_after_ns) {
    internal::check_expiry(graph, stage, std::chrono::nanoseconds(*options.expire_after_ns));
  }
  if (options.timeout_ns) {
    internal::check_timeout(graph, stage, std::chrono::nanoseconds(*options.timeout_ns),
                            has_timers);
  }
}

}  // namespace

StreamNumber PyApplication::state(StreamNumber from, StageWords words, StateFunction function,
                                  const StateOptions& options) {
  check(open().graph(), words.name, options, false);
  if (options.expire_after_ns) {
    using Step = internal::TimedStateStep<StateFunction, PyRecord, PyKey, true>;
    return add<Step>(from, std::move(words), Step::kind,
                     timed_spec<Step>(std::move(function), options));
  }
  using Step = internal::ComputationStep<StateFunction, PyRecord, PyKey>;
  return add<Step>(from, std::move(words), StageKind::state_computation, [&](StageId stage) {
    return Step::Spec{stage, std::move(function)};
  });
}

StreamNumber PyApplication::state_many(StreamNumber from, StageWords words,
                                       StateManyFunction function, const StateOptions& options) {
  check(open().graph(), words.name, options, false);
  if (options.expire_after_ns) {
    using Step = internal::TimedStateStep<StateManyFunction, PyRecord, PyKey, true>;
    return add<Step>(from, std::move(words), Step::kind,
                     timed_spec<Step>(std::move(function), options));
  }
  using Step = internal::ComputationStep<StateManyFunction, PyRecord, PyKey>;
  return add<Step>(from, std::move(words), StageKind::state_computation, [&](StageId stage) {
    return Step::Spec{stage, std::move(function)};
  });
}

StreamNumber PyApplication::running(StreamNumber from, StageWords words,
                                    RunningAggregation aggregation) {
  using Step = internal::ComputationStep<RunningAggregation, PyRecord, PyKey>;
  return add<Step>(from, std::move(words), StageKind::state_computation, [&](StageId stage) {
    return Step::Spec{stage, std::move(aggregation)};
  });
}

StreamNumber PyApplication::timed_state(StreamNumber from, StageWords words, Shared function,
                                        Shared on_timer, Shared initial,
                                        const StateOptions& options) {
  check(open().graph(), words.name, options, true);
  TimedFunction made{std::move(function), std::move(on_timer), std::move(initial)};
  if (options.expire_after_ns) {
    using Step = internal::TimedStateStep<TimedFunction, PyRecord, PyKey, true>;
    return add<Step>(from, std::move(words), Step::kind,
                     timed_spec<Step>(std::move(made), options));
  }
  using Step = internal::TimedStateStep<TimedFunction, PyRecord, PyKey, false>;
  return add<Step>(from, std::move(words), Step::kind, timed_spec<Step>(std::move(made), options));
}

}  // namespace wallaroo::python
