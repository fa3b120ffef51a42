// Chooses the step for a stage's function or windows.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <wallaroo/types/event_time.hpp>
#include <wallaroo/windows.hpp>

#include "plan/graph.hpp"
#include "step/steps/computation_step.hpp"
#include "step/steps/event_time_step.hpp"
#include "step/steps/timed_state_step.hpp"
#include "step/steps/window_step.hpp"
#include "window/joins/join_settings.hpp"

namespace wallaroo::internal {

/// Adds a mistake for settings that cannot work. Also notes that a stage waits for the watermark.
void check_windows(Graph& graph, const std::string& stage, const WindowSettings& settings,
                   bool late_stream);
void check_expiry(Graph& graph, const std::string& stage, std::chrono::nanoseconds duration);
void check_timeout(Graph& graph, const std::string& stage, std::chrono::nanoseconds timeout,
                   bool has_timers);
void check_join(Graph& graph, const std::string& stage, const JoinSettings& settings,
                bool late_stream);

/// The step of a plain function. Specialised for state with options, windows, joins, event time.
template <class F, class In, class Key>
struct StepFor {
  using type = ComputationStep<F, In, Key>;
};
template <class F, class In, class Key>
using StepOf = typename StepFor<F, In, Key>::type;

template <class F, class In, class Key>
requires(takes_timers<F>()) struct StepFor<F, In, Key> {
  using type = TimedStateStep<F, In, Key, false>;
};
template <class F, bool Expires, class In, class Key>
struct StepFor<Stateful<F, Expires>, In, Key> {
  using type = TimedStateStep<F, In, Key, Expires>;
};

/// Reads the options of a state computation.
struct StatefulAccess {
  template <class F, bool Expires>
  static void check(Graph& graph, const std::string& stage, const Stateful<F, Expires>& stateful) {
    if (Expires) {
      check_expiry(graph, stage, stateful.duration_);
    }
    if (takes_timers<F>()) {
      graph.use_time();
    }
    if (stateful.timeout_) {
      check_timeout(graph, stage, *stateful.timeout_, takes_timers<F>());
    }
  }
  template <class Step, class F, bool Expires>
  static typename Step::Spec spec(StageId stage, Stateful<F, Expires>&& stateful) {
    return {stage, std::move(stateful.function_),
            Expiry{stateful.duration_.count(), stateful.time_}, stateful.timeout_};
  }
};

template <WindowKind kind, class A, class In, class Key>
struct StepFor<WindowDefinition<kind, A>, In, Key> {
  using type = WindowStep<kind, A, In, Key, false>;
};

/// Windows whose late records are part of the stream that they make.
template <class Definition>
struct SplitLate {
  WindowSettings settings;
  typename Definition::Aggregation aggregation;
};
template <WindowKind kind, class A, class In, class Key>
struct StepFor<SplitLate<WindowDefinition<kind, A>>, In, Key> {
  using type = WindowStep<kind, A, In, Key, true>;
};

template <class Both>
struct OnlyResults {
  std::optional<std::variant_alternative_t<0, Both>> operator()(const Both& both) const {
    const auto* result = std::get_if<0>(&both);
    return result == nullptr ? std::nullopt : std::optional(*result);
  }
};
template <class Both>
struct OnlyLate {
  using Record = decltype(std::variant_alternative_t<1, Both>::record);
  std::optional<Record> operator()(const Both& both) const {
    const auto* late = std::get_if<1>(&both);
    return late == nullptr ? std::nullopt : std::optional(late->record);
  }
};

/// A stream of results or late records, as two.
template <class S>
auto split_late(const S& both, const std::string& name) {
  using Both = typename S::Record;
  return std::pair(both.to(name + ".results", OnlyResults<Both>{}),
                   both.to(name + ".late", OnlyLate<Both>{}));
}

template <class Step>
inline constexpr StageKind kind_of_step =
    Step::stateful ? StageKind::state_computation : StageKind::computation;
template <class Step>
requires requires { Step::kind; }
inline constexpr StageKind kind_of_step<Step> = Step::kind;

template <class Step, class F>
typename Step::Spec spec_of(StageId stage, F&& function) {
  if constexpr (requires { function.aggregation; }) {
    return {stage, std::move(function.settings), std::move(function.aggregation)};
  } else if constexpr (requires {
                         function.settings;
                         function.function;
                       }) {
    return {stage, std::move(function.settings), std::move(function.function)};
  } else if constexpr (requires { StatefulAccess::spec<Step>(stage, std::move(function)); }) {
    return StatefulAccess::spec<Step>(stage, std::move(function));
  } else {
    return {stage, std::forward<F>(function)};
  }
}

/// Adds a mistake to the graph for each value that cannot work.
template <class F>
void check_step(Graph& graph, const std::string&, const F&) {
  if (takes_timers<F>()) {
    graph.use_time();
  }
}
template <class F, bool Expires>
void check_step(Graph& graph, const std::string& stage, const Stateful<F, Expires>& stateful) {
  StatefulAccess::check(graph, stage, stateful);
}
template <WindowKind kind, class A>
void check_step(Graph& graph, const std::string& stage, const WindowDefinition<kind, A>& windows) {
  check_windows(graph, stage, windows.settings, false);
}
template <class Definition>
void check_step(Graph& graph, const std::string& stage, const SplitLate<Definition>& windows) {
  check_windows(graph, stage, windows.settings, true);
}
void check_event_time(Graph& graph, const std::string& stage, const EventTimeOptions& options);

}  // namespace wallaroo::internal
