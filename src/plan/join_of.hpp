// A join as a stage: both sides become one stream of variants, which the join's step takes.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include <wallaroo/windows.hpp>

#include "plan/step_of.hpp"
#include "plan/stream_edges.hpp"
#include "step/steps/join_step.hpp"

namespace wallaroo {

template <class A, class B>
class Joining;

namespace internal {

struct JoinAccess;

template <JoinKind kind, class F, class Left, class Right>
struct JoinOf {
  JoinSettings settings;
  F function;
};
template <JoinKind kind, class F, class Left, class Right>
struct JoinWithLate {
  JoinSettings settings;
  F function;
};

template <JoinKind kind, class F, class Left, class Right, class In, class Key>
struct StepFor<JoinOf<kind, F, Left, Right>, In, Key> {
  using type = JoinStep<kind, F, Left, Right, Key, false>;
};
template <JoinKind kind, class F, class Left, class Right, class In, class Key>
struct StepFor<JoinWithLate<kind, F, Left, Right>, In, Key> {
  using type = JoinStep<kind, F, Left, Right, Key, true>;
};

template <JoinKind kind, class F, class Left, class Right>
void check_step(Graph& graph, const std::string& stage, const JoinOf<kind, F, Left, Right>& join) {
  check_join(graph, stage, join.settings, false);
}
template <JoinKind kind, class F, class Left, class Right>
void check_step(Graph& graph, const std::string& stage,
                const JoinWithLate<kind, F, Left, Right>& join) {
  check_join(graph, stage, join.settings, true);
}

template <std::size_t side, class Either>
struct ToSide {
  using Record = std::variant_alternative_t<side, Either>;
  Either operator()(Record&& record) const {
    return Either(std::in_place_index<side>, std::move(record));
  }
};

/// Merges both streams into one stream of variants.
template <class A, class B>
auto both_sides(const A& left, const B& right, const std::string& name) {
  using LeftTraits = StreamTraits<A>;
  using RightTraits = StreamTraits<B>;
  static_assert(!std::is_same_v<typename LeftTraits::Key, NoKey> &&
                    !std::is_same_v<typename RightTraits::Key, NoKey>,
                "wallaroo: both streams of a join must be keyed: key_by both with the same type of "
                "key");
  static_assert(std::is_same_v<typename LeftTraits::Key, typename RightTraits::Key>,
                "wallaroo: both streams of a join must be keyed by the same type of key");
  static_assert(LeftTraits::stamped == RightTraits::stamped,
                "wallaroo: join of a stream with event time and one without: call event_time on "
                "both");
  using Either = EitherSide<typename LeftTraits::Record, typename RightTraits::Record>;
  return left.to(name + ".left", ToSide<0, Either>{})
      .merge(right.to(name + ".right", ToSide<1, Either>{}));
}

}  // namespace internal

}  // namespace wallaroo
