// Pipelines as values: streams of records, and the verbs that lengthen them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <wallaroo/error.hpp>
#include <wallaroo/sink.hpp>
#include <wallaroo/source.hpp>
#include <wallaroo/stage_options.hpp>

#include "plan/builder.hpp"
#include "plan/graph.hpp"

namespace wallaroo {

template <class T, class K, internal::Where W, class Pending>
class BasicStream;
template <class T, class Upstream, class KeyFunction>
class KeyedBy;

namespace internal {

/// Lets functions outside the classes make streams and connect them.
struct StreamAccess {
  template <class S>
  static EdgeId output_edge(const S& stream, EdgeKind kind) {
    return stream.output_edge(kind);
  }
  template <class S>
  static const Link& link(const S& stream) {
    return stream.link_;
  }
  template <class S, class P>
  static S make(Link link, P pending) {
    return S(std::move(link), std::move(pending));
  }
};

// How the records of another node enter this one.
template <class T, class K, bool Keep = true>
struct EdgeInput {
  using type = CarriedInput<T, K, Keep>;
};
template <class T, bool Keep>
struct EdgeInput<T, NoKey, Keep> {
  using type = OwnedInput<T>;
};

/// A stream whose records come by `edges`, made by a chain of T with keys of type `From`.
template <class T, class From, class K, Where W>
auto stream_from(const Link& link, std::vector<EdgeId> edges) {
  using Input = typename EdgeInput<T, From, std::is_same_v<From, K>>::type;
  Pending<Input> pending;
  pending.inputs = std::move(edges);
  return StreamAccess::make<BasicStream<T, K, W, Pending<Input>>>(link.after(), std::move(pending));
}

template <class T, class KeyFunction>
auto keyed_stream_from(const Link& link, KeyFunction function, EdgeId edge) {
  using Input = HashedInput<T, KeyFunction>;
  Pending<Input> pending{Input{std::move(function)}, {}, {}, {edge}, {}, -1, false};
  return StreamAccess::make<
      BasicStream<T, OwnedKey<typename Input::Key>, Where::keyed, Pending<Input>>>(
      link.after(), std::move(pending));
}

template <class S>
struct StreamTraits;
template <class T, class K, Where W, class P>
struct StreamTraits<BasicStream<T, K, W, P>> {
  using Record = T;
  using Key = K;
  static constexpr bool single = W == Where::single;
};
template <class T, class U, class F>
struct StreamTraits<KeyedBy<T, U, F>> {
  using Record = T;
  using Key = OwnedKey<std::invoke_result_t<F&, const T&>>;
  static constexpr bool single = false;
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
  constexpr bool single = StreamTraits<First>::single && (StreamTraits<Others>::single && ...);
  constexpr EdgeKind kind = single ? EdgeKind::gather : EdgeKind::forward;
  constexpr Where where = !std::is_same_v<K, NoKey> ? Where::keyed
                          : single                  ? Where::single
                                                    : Where::spread;
  const Link& link = StreamAccess::link(first);
  if (((link.shared_graph() != StreamAccess::link(others).shared_graph()) || ...)) {
    throw ConfigError("merge: the streams belong to different applications");
  }
  return stream_from<T, K, K, where>(
      link, {StreamAccess::output_edge(first, kind), StreamAccess::output_edge(others, kind)...});
}

}  // namespace internal

/// A stream of records of type T, not keyed: the type to name where `auto` will not do. Any
/// unkeyed stream converts to it; the conversion ends the fusion of stages at that place.
template <class T>
using Stream = BasicStream<T, internal::NoKey, internal::Where::spread,
                           internal::Pending<internal::OwnedInput<T>>>;

/// What all streams can do. T is the record type; K the key's type, or NoKey; W where it runs;
/// Pending the stages that will be fused with the next one.
///
/// A stream is a value. Chained calls (`source(..).to(..).to(..)`) fuse the stages into one loop.
/// A stream kept in a variable may be used any number of times: each use gets every record, and
/// the stages before it run once (they are fused among themselves, not with what follows).
template <class T, class K, internal::Where W, class Pending>
class BasicStream {
 public:
  using Record = T;
  using Key = K;

  /// Any unkeyed stream is a Stream<T>.
  template <internal::Where W2, class P2>
  requires(std::is_same_v<K, internal::NoKey>&& W == internal::Where::spread &&
           std::is_same_v<Pending, internal::Pending<internal::OwnedInput<T>>> &&
           !(W2 == W && std::is_same_v<P2, Pending>))
      BasicStream(
          const BasicStream<T, internal::NoKey, W2, P2>& other)  // NOLINT: meant to be implicit
      : BasicStream(other.template continued_as<W>()) {}

  /// A computation, see the guide for the forms `function` may have. Function objects and lambdas
  /// are inlined into the loop; a pointer to a function costs a call per record.
  template <class F>
  auto to(std::string name, F function, StageOptions options = {}) && {
    using Function = internal::StoredFunction<F>;
    using Step = internal::ComputationStep<Function, T, typename Pending::Key>;
    constexpr bool one_state_for_all =
        Step::stateful && std::is_same_v<K, internal::NoKey> && W != internal::Where::single;
    if constexpr (one_state_for_all) {
      return std::move(*this).collect().to(std::move(name), std::move(function), options);
    } else {
      const auto stage = link_.add_stage({std::move(name), link_.pipeline(),
                                          Step::stateful ? internal::StageKind::state_computation
                                                         : internal::StageKind::computation,
                                          options.on_error});
      auto longer = std::move(pending_).template with<Step>(
          typename Step::Spec{std::move(function), stage}, stage);
      return BasicStream<typename Step::Output, K, W, decltype(longer)>(link_.next(stage),
                                                                        std::move(longer));
    }
  }
  template <class F>
  auto to(std::string name, F function, StageOptions options = {}) const& {
    return continued().to(std::move(name), std::move(function), options);
  }

  /// Repartitions: records for which `key_function` (a function of the record, or a pointer to a
  /// member) gives equal keys meet in one place, and state computations that follow keep one state
  /// per key. Keys are integers, enums, strings, views of strings, aggregates of such with ==, or
  /// anything with std::hash and ==.
  template <class F>
  auto key_by(std::string name, F key_function, StageOptions options = {}) && {
    using Function = internal::StoredFunction<F>;
    static_assert(std::is_invocable_v<Function&, const T&>,
                  "wallaroo: the key function of key_by must take a const reference to the record "
                  "type of the stage before it");
    using NewKey = std::remove_cvref_t<std::invoke_result_t<Function&, const T&>>;
    static_assert(internal::HashableKey<NewKey>,
                  "wallaroo: a key must be an integer, an enum, a string, an aggregate of such, or "
                  "have a std::hash");
    static_assert(!holds_views<internal::OwnedKey<NewKey>>,
                  "wallaroo: a key must own its bytes (std::string_view alone is stored as "
                  "std::string)");
    const auto stage = link_.add_stage(
        {std::move(name), link_.pipeline(), internal::StageKind::key_by, options.on_error});
    auto link = link_.next(stage);
    return KeyedBy<T, BasicStream, Function>(std::move(link), std::move(*this), stage,
                                             std::move(key_function));
  }
  template <class F>
  auto key_by(std::string name, F key_function, StageOptions options = {}) const& {
    return continued().key_by(std::move(name), std::move(key_function), options);
  }

  /// Brings all records to one place: what follows runs on one executor and sees them all.
  auto collect() && {
    if constexpr (W == internal::Where::single) {
      return std::move(*this);
    } else {
      return gathered(std::move(*this));
    }
  }
  auto collect() const& { return gathered(continued()); }

  /// One stream of the records of this and the others, which must be of the same type and keyed
  /// alike. Records of one of them keep their order; between them there is none.
  template <class... Others>
  auto merge(const Others&... others) const {
    return internal::merged(*this, others...);
  }

  template <class Definition>
  void to_sink(std::string name, Definition definition, StageOptions options = {}) && {
    if constexpr (internal::needs_gathering<Definition> && W != internal::Where::single) {
      std::move(*this).collect().to_sink(std::move(name), std::move(definition), options);
    } else {
      link_.use_once();
      const auto stage = link_.add_sink(std::move(name), options);
      using Made = internal::SinkTerminal<T, Definition>;
      std::vector<internal::EdgeId> edges;
      auto spec = Made::spec(link_.graph(), std::move(definition), stage, edges);
      std::move(pending_).template finish<typename Made::Terminal>(link_, std::move(spec),
                                                                   std::move(edges), {stage});
    }
  }
  template <class Definition>
  void to_sink(std::string name, Definition definition, StageOptions options = {}) const& {
    continued().to_sink(std::move(name), std::move(definition), options);
  }

  /// Every record to each of several sinks: `.to_sinks(sink("a", tcp_sink(..)), sink("b", ..))`.
  template <class... Definitions>
  void to_sinks(NamedSink<Definitions>... sinks) && {
    static_assert(sizeof...(Definitions) >= 1, "wallaroo: to_sinks needs at least one sink");
    constexpr bool gather = (internal::needs_gathering<Definitions> || ...);
    if constexpr (gather && W != internal::Where::single) {
      std::move(*this).collect().to_sinks(std::move(sinks)...);
    } else {
      link_.use_once();
      std::vector<internal::EdgeId> edges;
      std::vector<internal::StageId> stages;
      const auto one = [&]<class D>(NamedSink<D>& named) {
        stages.push_back(link_.add_sink(std::move(named.name), named.options));
        return internal::SinkTerminal<T, D>::spec(link_.graph(), std::move(named.definition),
                                                  stages.back(), edges);
      };
      using Tee =
          internal::TeeTerminal<typename internal::SinkTerminal<T, Definitions>::Terminal...>;
      typename Tee::Spec spec{
          std::tuple<typename internal::SinkTerminal<T, Definitions>::Terminal::Spec...>{
              one(sinks)...}};
      std::move(pending_).template finish<Tee>(link_, std::move(spec), std::move(edges), stages);
    }
  }
  template <class... Definitions>
  void to_sinks(NamedSink<Definitions>... sinks) const& {
    continued().to_sinks(std::move(sinks)...);
  }

 private:
  template <class, class, internal::Where, class>
  friend class BasicStream;
  template <class, class, class>
  friend class KeyedBy;
  friend struct internal::StreamAccess;

  BasicStream(internal::Link link, Pending pending)
      : link_(std::move(link)), pending_(std::move(pending)) {}

  // A further use of this stream: reads from the edge at which the stages so far end.
  auto continued() const { return continued_as<W>(); }
  template <internal::Where NewWhere>
  auto continued_as() const {
    const auto edge = link_.shared_output(
        internal::EdgeKind::forward, [&] { return pending_.template finish_shared<T, K>(link_); });
    return internal::stream_from<T, K, K, NewWhere>(link_, {edge});
  }
  // The edge by which this stream's records enter another node, of which it is one input.
  internal::EdgeId output_edge(internal::EdgeKind kind) const {
    return link_.shared_output(kind, [&] { return pending_.template finish_shared<T, K>(link_); });
  }
  template <class S>
  static auto gathered(S&& stream) {
    const auto edge = stream.output_edge(internal::EdgeKind::gather);
    return internal::stream_from<T, K, internal::NoKey, internal::Where::single>(stream.link_,
                                                                                 {edge});
  }

  internal::Link link_;
  Pending pending_;
};

/// A stream just after `key_by`: the next stage runs where the key's owner is. Has the verbs of
/// every stream.
template <class T, class Upstream, class KeyFunction>
class KeyedBy {
 public:
  using Record = T;
  using Key = internal::OwnedKey<std::invoke_result_t<KeyFunction&, const T&>>;

  template <class F>
  auto to(std::string name, F function, StageOptions options = {}) && {
    return std::move(*this).exchanged().to(std::move(name), std::move(function), options);
  }
  template <class F>
  auto to(std::string name, F function, StageOptions options = {}) const& {
    return shared().to(std::move(name), std::move(function), options);
  }
  template <class F>
  auto key_by(std::string name, F key_function, StageOptions options = {}) && {
    return std::move(*this).exchanged().key_by(std::move(name), std::move(key_function), options);
  }
  template <class F>
  auto key_by(std::string name, F key_function, StageOptions options = {}) const& {
    return shared().key_by(std::move(name), std::move(key_function), options);
  }
  auto collect() && { return std::move(*this).exchanged().collect(); }
  auto collect() const& { return shared().collect(); }
  template <class... Others>
  auto merge(const Others&... others) const {
    return internal::merged(*this, others...);
  }
  template <class Definition>
  void to_sink(std::string name, Definition definition, StageOptions options = {}) const {
    shared().to_sink(std::move(name), std::move(definition), options);
  }
  template <class... Definitions>
  void to_sinks(NamedSink<Definitions>... sinks) const {
    shared().to_sinks(std::move(sinks)...);
  }

 private:
  template <class, class, internal::Where, class>
  friend class BasicStream;
  friend struct internal::StreamAccess;

  using Result = std::invoke_result_t<KeyFunction&, const T&>;
  /// The consumer can compute the key again at no cost, and must where it is a view.
  static constexpr bool recompute = std::is_reference_v<Result> || holds_views<Result>;

  KeyedBy(internal::Link link, Upstream upstream, internal::StageId stage, KeyFunction function)
      : link_(std::move(link)),
        upstream_(std::move(upstream)),
        stage_(stage),
        key_function_(std::move(function)) {}

  auto exchanged() && {
    link_.use_once();
    if constexpr (recompute) {
      const auto edge = make_edge<false>();
      return internal::keyed_stream_from<T>(link_, key_function_, edge);
    } else {
      const auto edge = make_edge<true>();
      return internal::stream_from<T, Key, Key, internal::Where::keyed>(link_, {edge});
    }
  }
  auto shared() const {
    const auto edge = output_edge(internal::EdgeKind::forward);
    return internal::stream_from<T, Key, Key, internal::Where::keyed>(link_, {edge});
  }
  // By way of a node of its own, behind the exchange, which every further use shares.
  internal::EdgeId output_edge(internal::EdgeKind kind) const {
    return link_.shared_output(kind, [&] {
      const auto exchange = make_edge<true>();
      internal::Pending<internal::CarriedInput<T, Key>> pass_through;
      pass_through.inputs = {exchange};
      return pass_through.template finish_shared<T, Key>(link_);
    });
  }
  template <bool Carry>
  internal::EdgeId make_edge() const {
    using Terminal = internal::ExchangeTerminal<T, KeyFunction, Carry>;
    const auto edge = link_.graph().add_edge(internal::EdgeKind::exchange);
    auto upstream = upstream_;
    std::move(upstream.pending_)
        .template finish<Terminal>(upstream.link_, {key_function_, stage_}, {edge}, {stage_});
    return edge;
  }

  internal::Link link_;
  Upstream upstream_;
  internal::StageId stage_;
  KeyFunction key_function_;
};

}  // namespace wallaroo
