// Windows without keys that get partial aggregates of batches instead of records.
#pragma once

#include <string>
#include <type_traits>
#include <utility>

#include <wallaroo/types/late_data.hpp>
#include <wallaroo/types/stage_options.hpp>

#include "plan/graph.hpp"
#include "plan/step_of.hpp"
#include "plan/stream_edges.hpp"
#include "step/input.hpp"
#include "step/steps/partial_terminal.hpp"
#include "step/steps/window_step.hpp"
#include "window/aggregations/pre_aggregation.hpp"
#include "window/gathered.hpp"

namespace wallaroo::internal {

/// True for definitions of windows whose records may be aggregated batch by batch, where they are.
template <class F, class In>
inline constexpr bool takes_partials = false;
template <class A, class In>
inline constexpr bool takes_partials<WindowDefinition<WindowKind::range, A>, In> =
    pre_aggregates<A, In>();

/// Only records that are counted or dropped need not arrive one by one.
template <class A>
bool worth_aggregating(const WindowSettings& settings, const A& aggregation) {
  return settings.late_data == LateData::drop && pays_to_pre_aggregate(aggregation);
}

/// Adds the windows, which run on one executor, to a stream without keys that runs on all. Whether
/// records cross as partials is known only here, from values; so the edge can carry both.
template <class S, class A>
auto with_partials(S stream, std::string name, WindowDefinition<WindowKind::range, A> windows,
                   StageOptions options) {
  using T = typename StreamTraits<S>::Record;
  using Accumulator = AccumulatorOf<A>;
  constexpr bool stamped = StreamTraits<S>::stamped;
  using Terminal = PartialTerminal<T, A, stamped>;
  using Waiting = Pending<InputWithTime<GatheredInput<T, Accumulator>, stamped>>;
  using Single = BasicStream<Gathered<T, Accumulator>, NoKey, Where::single, Waiting>;
  using Step = WindowStep<WindowKind::range, A, T, NoKey, false,
                          typename GatheredInput<T, Accumulator>::Slot>;

  const GraphCursor& cursor = StreamAccess::cursor(stream);
  check_step(cursor.graph(), name, windows);
  cursor.use_once();
  const bool aggregates = worth_aggregating(windows.settings, windows.aggregation);
  Waiting waiting;
  waiting.inputs = {cursor.graph().add_edge(EdgeKind::gather, aggregates)};
  StreamAccess::finish<Terminal>(std::move(stream),
                                 {windows.settings, windows.aggregation, aggregates},
                                 waiting.inputs.front());
  const GraphCursor after = cursor.after();
  const auto stage = after.add_stage(std::move(name), StageKind::window, options.on_error, true);
  return StreamAccess::lengthened<Step>(StreamAccess::make<Single>(after, std::move(waiting)),
                                        {stage, windows.settings, std::move(windows.aggregation)});
}

/// Adds a stage with one state for all records to a stream without keys that runs everywhere.
template <class S, class F>
auto to_one(S stream, std::string name, F function, StageOptions options) {
  if constexpr (takes_partials<F, typename StreamTraits<S>::Record>) {
    return with_partials(std::move(stream), std::move(name), std::move(function), options);
  } else {
    return std::move(stream).collect().to(std::move(name), std::move(function), options);
  }
}

}  // namespace wallaroo::internal
