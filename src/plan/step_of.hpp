// Which step a stage's function, or its windows, becomes.
#pragma once

#include <string>

#include <wallaroo/event_time.hpp>

#include "plan/graph.hpp"
#include "step/computation_step.hpp"
#include "step/event_time_step.hpp"

namespace wallaroo::internal {

/// Specialised for what is more than a function.
template <class F, class In, class Key>
struct StepFor {
  using type = ComputationStep<F, In, Key>;
};
template <class F, class In, class Key>
using StepOf = typename StepFor<F, In, Key>::type;

template <class Step>
inline constexpr StageKind kind_of_step =
    Step::stateful ? StageKind::state_computation : StageKind::computation;

/// What only values can show to be wrong becomes a mistake of the graph.
template <class F>
void check_step(Graph&, const std::string&, const F&) {}
void check_event_time(Graph& graph, const std::string& stage, const EventTimeOptions& options);

}  // namespace wallaroo::internal
