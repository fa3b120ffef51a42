// Keyed windows that get excerpts of records instead of the records.
#pragma once

#include <string>
#include <type_traits>
#include <utility>

#include <wallaroo/types/stage_options.hpp>

#include "plan/graph.hpp"
#include "plan/step_of.hpp"
#include "plan/stream_edges.hpp"
#include "step/input.hpp"
#include "step/steps/excerpt_terminal.hpp"
#include "window/excerpt.hpp"

namespace wallaroo::internal {

/// True for windows whose aggregation needs only a few numbers of each record of a stream that has
/// just been keyed and has event time. With to_with_late() the records themselves are needed.
template <class F, class Keyed>
inline constexpr bool takes_excerpts = false;
template <class A, class T, class Upstream, class KeyFunction>
inline constexpr bool
    takes_excerpts<WindowDefinition<WindowKind::range, A>, KeyedBy<T, Upstream, KeyFunction>> = [] {
      using Traits = StreamTraits<KeyedBy<T, Upstream, KeyFunction>>;
      using Exchange = typename Traits::Exchange;
      return Traits::stamped &&
             excerpts_pay<A, T, typename Exchange::Key, EdgeSlot<typename Exchange::Slot, true>>();
    }();

/// Adds the windows to a stream that has just been keyed.
template <class T, class Upstream, class KeyFunction, class A>
auto with_excerpts(KeyedBy<T, Upstream, KeyFunction> keyed, std::string name,
                   WindowDefinition<WindowKind::range, A> windows, StageOptions options) {
  using Terminal = ExcerptTerminal<T, KeyFunction, A>;
  using Slot = typename Terminal::Slot;
  const GraphCursor cursor = StreamAccess::cursor(keyed);
  cursor.use_once();
  const auto edge = StreamAccess::exchange_edge<Terminal>(
      std::move(keyed), [&](typename Terminal::Keys::Spec keys) {
        return typename Terminal::Spec{std::move(keys), windows.settings, windows.aggregation};
      });
  using OfSlots = WindowDefinition<WindowKind::range, OfExcerpts<A>>;
  return keyed_stream_from<Slot, true>(cursor, &Slot::key, edge)
      .to(std::move(name), OfSlots{windows.settings, OfExcerpts<A>(std::move(windows.aggregation))},
          options);
}

/// Adds a stage to a stream that has just been keyed.
template <class Keyed, class F>
auto to_keyed(Keyed keyed, std::string name, F function, StageOptions options) {
  if constexpr (takes_excerpts<F, Keyed>) {
    return with_excerpts(std::move(keyed), std::move(name), std::move(function), options);
  } else {
    return StreamAccess::exchanged(std::move(keyed))
        .to(std::move(name), std::move(function), options);
  }
}

}  // namespace wallaroo::internal
