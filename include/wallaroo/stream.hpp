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
#include <wallaroo/join.hpp>
#include <wallaroo/key.hpp>
#include <wallaroo/sink.hpp>
#include <wallaroo/source.hpp>
#include <wallaroo/stage_options.hpp>

#include "plan/step_of.hpp"
#include "plan/stream_links.hpp"

namespace wallaroo {

/// A stream of records of type T, not keyed: the type to name where `auto` will not do. Any
/// unkeyed stream converts to it; the conversion ends the fusion of stages at that place.
template <class T>
using Stream = BasicStream<T, internal::NoKey, internal::Where::spread,
                           internal::Pending<internal::OwnedInput<T>>>;
/// The same of records that carry their event time (after `event_time`, windows and joins).
template <class T>
using TimedStream = BasicStream<T, internal::NoKey, internal::Where::spread,
                                internal::Pending<internal::TimedInput<internal::OwnedInput<T>>>>;

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

  /// Any unkeyed stream is a Stream<T>, or a TimedStream<T>.
  template <internal::Where W2, class P2>
  requires(std::is_same_v<K, internal::NoKey>&& W == internal::Where::spread &&
           std::is_same_v<
               Pending,
               internal::Pending<internal::InputWithTime<internal::OwnedInput<T>, P2::stamped>>> &&
           !(W2 == W && std::is_same_v<P2, Pending>))
      BasicStream(
          const BasicStream<T, internal::NoKey, W2, P2>& other)  // NOLINT: meant to be implicit
      : BasicStream(other.template continued_as<W>()) {}

  /// A computation, see the guide for the forms `function` may have, or windows
  /// (`range_windows(10s).over(count())`). Function objects and lambdas are inlined into the loop;
  /// a pointer to a function costs a call per record.
  template <class F>
  auto to(std::string name, F function, StageOptions options = {}) && {
    using Function = internal::StoredFunction<F>;
    using Step = internal::StepOf<Function, T, typename Pending::Key>;
    constexpr bool one_state_for_all =
        Step::stateful && std::is_same_v<K, internal::NoKey> && W != internal::Where::single;
    if constexpr (one_state_for_all) {
      return std::move(*this).collect().to(std::move(name), std::move(function), options);
    } else {
      internal::check_step(link_.graph(), name, function);
      return std::move(*this).template lengthened<Step>(
          {std::move(name), link_.pipeline(), internal::kind_of_step<Step>, options.on_error},
          internal::spec_of<Step>(std::move(function)));
    }
  }
  template <class F>
  auto to(std::string name, F function, StageOptions options = {}) const& {
    return continued().to(std::move(name), std::move(function), options);
  }

  /// Windows, and besides their results the records that came too late for them: two streams,
  /// `auto [results, late] = stream.to_with_late("totals", range_windows(1min).over(count()))`.
  template <internal::WindowKind kind, class A>
  auto to_with_late(std::string name, internal::WindowDefinition<kind, A> windows,
                    StageOptions options = {}) const {
    windows.settings.late_data = LateData::to_stream;
    using Split = internal::SplitLate<internal::WindowDefinition<kind, A>>;
    const auto both = to(name, Split{windows.settings, std::move(windows.aggregation)}, options);
    return internal::split_late(both, name);
  }

  /// Gives every record its event time, which `extract` finds in it: nanoseconds since the epoch,
  /// or a std::chrono::time_point. Windows, joins and timers that follow go by it; without, they go
  /// by the time at which the source read the record. `options` say how watermarks are made:
  /// `ascending()`, `bounded_lateness(2s)`, `custom_watermarks(...)`, and what else to know.
  template <class F>
  auto event_time(std::string name, F extract, EventTimeOptions options = {}) && {
    using Step = internal::EventTimeStep<internal::StoredFunction<F>, T>;
    internal::check_event_time(link_.graph(), name, options);
    return std::move(*this).template lengthened<Step>(
        {std::move(name), link_.pipeline(), internal::StageKind::event_time, options.on_error},
        {std::move(extract), options, -1, Pending::stamped});
  }
  template <class F>
  auto event_time(std::string name, F extract, EventTimeOptions options = {}) const& {
    return continued().event_time(std::move(name), std::move(extract), std::move(options));
  }

  /// Repartitions: records for which `key_function` (a function of the record, or a pointer to a
  /// member) gives equal keys meet in one place, and state computations that follow keep one state
  /// per key. Keys are integers, enums, strings, views of strings, aggregates, pairs and tuples of
  /// such, or anything with std::hash and ==. A class with a == needs a std::hash, too, or has to
  /// say that its == compares all fields: see <wallaroo/key.hpp>. A record whose key is not equal
  /// to itself (NaN) is a failure of this stage, handled as `options` say.
  template <class F>
  auto key_by(std::string name, F key_function, StageOptions options = {}) && {
    using Function = internal::StoredFunction<F>;
    static_assert(std::is_invocable_v<Function&, const T&>,
                  "wallaroo: the key function of key_by must take a const reference to the record "
                  "type of the stage before it");
    using NewKey = std::remove_cvref_t<std::invoke_result_t<Function&, const T&>>;
    static_assert(internal::check_key_equality<NewKey>());
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

  /// With the records of another stream that is keyed alike and happened within an interval:
  /// `a.join(b).within(-5s, 10s).to("matched", function)`. See <wallaroo/join.hpp>.
  template <class Other>
  auto join(const Other& other) const {
    return internal::JoinAccess::make(*this, other);
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

  // This stream and one more step, a stage of its own.
  template <class Step>
  auto lengthened(internal::StageInfo info, typename Step::Spec spec) && {
    info.temporal = internal::is_temporal<Step>;
    const auto stage = link_.add_stage(std::move(info));
    spec.stage = stage;
    auto longer = std::move(pending_).template with<Step>(std::move(spec), stage);
    return BasicStream<typename Step::Output, K, W, decltype(longer)>(link_.next(stage),
                                                                      std::move(longer));
  }
  // A further use of this stream: reads from the edge at which the stages so far end.
  auto continued() const { return continued_as<W>(); }
  template <internal::Where NewWhere>
  auto continued_as() const {
    const auto edge = link_.shared_output(
        internal::EdgeKind::forward, [&] { return pending_.template finish_shared<T, K>(link_); });
    return internal::stream_from<T, K, K, NewWhere, Pending::stamped>(link_, {edge});
  }
  // The edge by which this stream's records enter another node, of which it is one input.
  internal::EdgeId output_edge(internal::EdgeKind kind) const {
    return link_.shared_output(kind, [&] { return pending_.template finish_shared<T, K>(link_); });
  }
  template <class S>
  static auto gathered(S&& stream) {
    const auto edge = stream.output_edge(internal::EdgeKind::gather);
    return internal::stream_from<T, K, internal::NoKey, internal::Where::single, Pending::stamped>(
        stream.link_, {edge});
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
  template <class Windows>
  auto to_with_late(std::string name, Windows windows, StageOptions options = {}) const {
    return shared().to_with_late(std::move(name), std::move(windows), options);
  }
  template <class F>
  auto event_time(std::string name, F extract, EventTimeOptions options = {}) && {
    return std::move(*this).exchanged().event_time(std::move(name), std::move(extract),
                                                   std::move(options));
  }
  template <class F>
  auto event_time(std::string name, F extract, EventTimeOptions options = {}) const& {
    return shared().event_time(std::move(name), std::move(extract), std::move(options));
  }
  auto collect() && { return std::move(*this).exchanged().collect(); }
  auto collect() const& { return shared().collect(); }
  template <class... Others>
  auto merge(const Others&... others) const {
    return internal::merged(*this, others...);
  }
  template <class Other>
  auto join(const Other& other) const {
    return internal::JoinAccess::make(*this, other);
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
  static constexpr bool stamped = internal::StreamTraits<Upstream>::stamped;
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
      return internal::keyed_stream_from<T, stamped>(link_, key_function_, edge);
    } else {
      const auto edge = make_edge<true>();
      return internal::stream_from<T, Key, Key, internal::Where::keyed, stamped>(link_, {edge});
    }
  }
  auto shared() const {
    const auto edge = output_edge(internal::EdgeKind::forward);
    return internal::stream_from<T, Key, Key, internal::Where::keyed, stamped>(link_, {edge});
  }
  // By way of a node of its own, behind the exchange, which every further use shares.
  internal::EdgeId output_edge(internal::EdgeKind kind) const {
    return link_.shared_output(kind, [&] {
      const auto exchange = make_edge<true>();
      internal::Pending<internal::InputWithTime<internal::CarriedInput<T, Key>, stamped>>
          pass_through;
      pass_through.inputs = {exchange};
      return pass_through.template finish_shared<T, Key>(link_);
    });
  }
  template <bool Carry>
  internal::EdgeId make_edge() const {
    using Terminal = internal::ExchangeTerminal<T, KeyFunction, Carry, stamped>;
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
