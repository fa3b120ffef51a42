// Connects streams to the nodes before them.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include <wallaroo/types/error.hpp>

#include "plan/builder.hpp"
#include "plan/graph.hpp"

namespace wallaroo {

template <class T, class K, internal::Where W, class Pending>
class BasicStream;
template <class T, class Upstream, class KeyFunction>
class KeyedBy;

namespace internal {

template <class S>
struct StreamTraits;

/// Lets functions outside the classes make streams and connect them.
struct StreamAccess {
  template <class S>
  static EdgeId output_edge(const S& stream, EdgeKind kind) {
    return stream.output_edge(kind);
  }
  template <class S>
  static const GraphCursor& cursor(const S& stream) {
    return stream.cursor_;
  }
  template <class S, class P>
  static S make(GraphCursor cursor, P pending) {
    return S(std::move(cursor), std::move(pending));
  }
  template <class Terminal, class S>
  static void finish(S&& stream, typename Terminal::Spec spec, EdgeId edge) {
    std::move(stream.pending_)
        .template finish<Terminal>(stream.cursor_, std::move(spec), {edge}, {});
  }
  template <class Keyed>
  static auto exchanged(Keyed&& keyed) {
    return std::move(keyed).exchanged();
  }
  /// Ends the chain before a KeyedBy with the terminal whose Spec `spec` makes of that of the keys.
  template <class Terminal, class Keyed, class MakeSpec>
  static EdgeId exchange_edge(Keyed keyed, MakeSpec&& spec) {
    const auto edge = keyed.cursor_.graph().add_edge(EdgeKind::exchange);
    auto& upstream = keyed.upstream_;
    typename StreamTraits<Keyed>::Exchange::Spec keys{keyed.stage_, std::move(keyed.key_function_)};
    std::move(upstream.pending_)
        .template finish<Terminal>(upstream.cursor_, spec(std::move(keys)), {edge}, {keyed.stage_});
    return edge;
  }
  template <class Step, class S>
  static auto lengthened(S&& stream, typename Step::Spec spec) {
    return std::move(stream).template lengthened<Step>(std::move(spec));
  }
};

// The input of a node whose records come over an edge.
template <class T, class K, bool Keep = true>
struct EdgeInput {
  using type = CarriedInput<T, K, Keep>;
};
template <class T, bool Keep>
struct EdgeInput<T, NoKey, Keep> {
  using type = OwnedInput<T>;
};
template <class Input, bool WithTime>
using InputWithTime = std::conditional_t<WithTime, TimedInput<Input>, Input>;

/// Makes a stream whose records come over `edges` from chains of T with keys of type `From`.
template <class T, class From, class K, Where W, bool WithTime>
auto stream_from(const GraphCursor& cursor, std::vector<EdgeId> edges) {
  using Input = InputWithTime<typename EdgeInput<T, From, std::is_same_v<From, K>>::type, WithTime>;
  Pending<Input> pending;
  pending.inputs = std::move(edges);
  return StreamAccess::make<BasicStream<T, K, W, Pending<Input>>>(cursor.after(),
                                                                  std::move(pending));
}

template <class T, bool WithTime, class KeyFunction>
auto keyed_stream_from(const GraphCursor& cursor, KeyFunction function, EdgeId edge) {
  using Input = InputWithTime<RekeyedInput<T, KeyFunction>, WithTime>;
  Pending<Input> pending{Input{{std::move(function)}}, {}, {}, {edge}, {}, {}, false};
  return StreamAccess::make<
      BasicStream<T, OwnedKey<typename Input::Key>, Where::keyed, Pending<Input>>>(
      cursor.after(), std::move(pending));
}

template <class T, class K, Where W, class P>
struct StreamTraits<BasicStream<T, K, W, P>> {
  using Record = T;
  using Key = K;
  static constexpr bool single = W == Where::single;
  static constexpr bool stamped = P::stamped;
};
template <class T, class U, class F>
struct StreamTraits<KeyedBy<T, U, F>> {
  using Record = T;
  using Key = OwnedKey<std::invoke_result_t<F&, const T&>>;
  static constexpr bool single = false;
  static constexpr bool stamped = StreamTraits<U>::stamped;
  using KeyResult = std::invoke_result_t<F&, const T&>;
  /// True when the consumer computes the key again instead of receiving it. That costs nothing for
  /// a key that is part of the record, and is necessary for a view, which cannot be sent.
  static constexpr bool recompute = std::is_reference_v<KeyResult> || holds_views<KeyResult>;
  /// The end of the chain before it, from which records go to one consumer.
  using Exchange = ExchangeTerminal<T, F, !recompute, stamped>;
};

template <class First, class... Others>
auto merged(const First& first, const Others&... others) {
  using T = typename StreamTraits<First>::Record;
  using K = typename StreamTraits<First>::Key;
  static_assert((std::is_same_v<T, typename StreamTraits<Others>::Record> && ...),
                "wallaroo: merge needs streams of the same record type; bring them to a common one "
                "first, for example a std::variant");
  static_assert(((std::is_same_v<K, NoKey> ==
                  std::is_same_v<typename StreamTraits<Others>::Key, NoKey>)&&...),
                "wallaroo: merge of a keyed with an unkeyed stream: key_by both with the same key, "
                "or neither");
  static_assert((std::is_same_v<K, typename StreamTraits<Others>::Key> && ...),
                "wallaroo: merge needs streams that are keyed by the same type of key");
  constexpr bool stamped = StreamTraits<First>::stamped;
  static_assert(((stamped == StreamTraits<Others>::stamped) && ...),
                "wallaroo: merge of a stream with event time and one without: call event_time on "
                "both before the merge, or on their merge");
  constexpr bool single = StreamTraits<First>::single && (StreamTraits<Others>::single && ...);
  constexpr EdgeKind kind = single ? EdgeKind::gather : EdgeKind::forward;
  constexpr Where where = !std::is_same_v<K, NoKey> ? Where::keyed
                          : single                  ? Where::single
                                                    : Where::spread;
  const GraphCursor& cursor = StreamAccess::cursor(first);
  if (((cursor.shared_graph() != StreamAccess::cursor(others).shared_graph()) || ...)) {
    throw ConfigError("merge: the streams belong to different applications");
  }
  return stream_from<T, K, K, where, stamped>(
      cursor, {StreamAccess::output_edge(first, kind), StreamAccess::output_edge(others, kind)...});
}

}  // namespace internal

}  // namespace wallaroo
