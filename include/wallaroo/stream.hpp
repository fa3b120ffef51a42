// Pipelines as values: streams of records, and the verbs that extend them.
#pragma once

#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <wallaroo/join.hpp>
#include <wallaroo/sink.hpp>
#include <wallaroo/source.hpp>
#include <wallaroo/types/error.hpp>
#include <wallaroo/types/key.hpp>
#include <wallaroo/types/stage_options.hpp>

#include "plan/excerpts.hpp"
#include "plan/pre_aggregated.hpp"
#include "plan/step_of.hpp"
#include "plan/stream_edges.hpp"

namespace wallaroo {

/// An unkeyed stream of records of type T, for places where `auto` will not do. Any unkeyed stream
/// converts to it, or with event time to TimedStream; the conversion ends the fusion of stages.
template <class T>
using Stream = BasicStream<T, internal::NoKey, internal::Where::spread,
                           internal::Pending<internal::OwnedInput<T>>>;
/// Like Stream, for records that carry their event time (after `event_time`, windows and joins).
template <class T>
using TimedStream = BasicStream<T, internal::NoKey, internal::Where::spread,
                                internal::Pending<internal::TimedInput<internal::OwnedInput<T>>>>;

/// The class of all streams, with the verbs that they share. T is the record type; K the key's
/// type, or NoKey; W where the stream runs; Pending the stages that will be fused with the next
/// one.
///
/// A stream is a value. Chained calls (`source(..).to(..).to(..)`) fuse the stages into one loop. A
/// stream kept in a variable may be used any number of times: each use gets every record, and the
/// stages before it run once (they are fused among themselves, but not with the stages that
/// follow). Hence each verb has two overloads with one contract: for a temporary and for a
/// variable.
///
/// Every verb that takes a `name` adds a stage or sink of that name, which must be unique within
/// the application. Mistakes that only values can show, such as a name that is used twice, are
/// collected and thrown as one ConfigError by the Engine's constructor.
template <class T, class K, internal::Where W, class Pending>
class BasicStream {
 public:
  using Record = T;  ///< type of the records
  using Key = K;     ///< type of the keys; internal::NoKey when the stream is not keyed

  /// Converts any unkeyed stream to a Stream<T> or a TimedStream<T>.
  template <internal::Where W2, class P2>
  requires(std::is_same_v<K, internal::NoKey>&& W == internal::Where::spread &&
           std::is_same_v<
               Pending,
               internal::Pending<internal::InputWithTime<internal::OwnedInput<T>, P2::stamped>>> &&
           !(W2 == W && std::is_same_v<P2, Pending>))
      BasicStream(
          const BasicStream<T, internal::NoKey, W2, P2>& other)  // NOLINT: meant to be implicit
      : BasicStream(other.template continued_as<W>()) {}

  /// Adds a computation and returns the stream of its outputs. `function` has one of the forms in
  /// the guide, or is made by `stateful`, or is windows (`range_windows(10s).over(count())`). A
  /// state computation on a stream without keys has one state, on one executor (see `collect`).
  /// Lambdas are inlined into the loop; a pointer to a function costs a call per record.
  template <class F>
  auto to(std::string name, F function, StageOptions options = {}) && {
    using Function = internal::StoredFunction<F>;
    using Step = internal::StepOf<Function, T, typename Pending::Key>;
    constexpr bool one_state_for_all =
        Step::stateful && std::is_same_v<K, internal::NoKey> && W != internal::Where::single;
    if constexpr (one_state_for_all) {
      return internal::to_one(std::move(*this), std::move(name), std::move(function), options);
    } else {
      internal::check_step(cursor_.graph(), name, function);
      const auto stage = cursor_.add_stage(std::move(name), internal::kind_of_step<Step>,
                                           options.on_error, internal::is_temporal<Step>);
      return std::move(*this).template lengthened<Step>(
          internal::spec_of<Step>(stage, std::move(function)));
    }
  }
  template <class F>
  auto to(std::string name, F function, StageOptions options = {}) const& {
    return continued().to(std::move(name), std::move(function), options);
  }

  /// Adds windows and returns two streams, the results and the records that came too late for them:
  /// `auto [results, late] = stream.to_with_late("totals", range_windows(1min).over(count()))`.
  template <internal::WindowKind kind, class A>
  auto to_with_late(std::string name, internal::WindowDefinition<kind, A> windows,
                    StageOptions options = {}) const {
    windows.settings.late_data = LateData::to_stream;
    using Split = internal::SplitLate<internal::WindowDefinition<kind, A>>;
    const auto both = to(name, Split{windows.settings, std::move(windows.aggregation)}, options);
    return internal::split_late(both, name);
  }

  /// Gives every record its event time, which `extract` finds in it: nanoseconds since the Unix
  /// epoch as an integer, or a std::chrono::time_point. Windows, joins and timers that follow use
  /// it; without it they use the time at which the source read the record. `options` say how
  /// watermarks are made: `ascending()`, `bounded_lateness(2s)`, `custom_watermarks(...)`, or an
  /// EventTimeOptions with further fields set.
  template <class F>
  auto event_time(std::string name, F extract, EventTimeOptions options = {}) && {
    using Step = internal::EventTimeStep<internal::StoredFunction<F>, T>;
    internal::check_event_time(cursor_.graph(), name, options);
    const auto stage = cursor_.add_stage(std::move(name), internal::StageKind::event_time,
                                         options.on_error, internal::is_temporal<Step>);
    return std::move(*this).template lengthened<Step>(
        {stage, std::move(extract), options, Pending::stamped});
  }
  template <class F>
  auto event_time(std::string name, F extract, EventTimeOptions options = {}) const& {
    return continued().event_time(std::move(name), std::move(extract), std::move(options));
  }

  /// Repartitions: records for which `key_function` (a function of the record, or a pointer to a
  /// member) returns equal keys go to one executor, and state computations that follow keep one
  /// state per key. Keys are integers, enums, strings, views of strings, aggregates, pairs and
  /// tuples of these, or anything with std::hash and ==. A class with a == needs a std::hash, too,
  /// or has to say that its == compares all fields: see <wallaroo/types/key.hpp>. A record whose
  /// key is not equal to itself (NaN) is a failure of this stage, handled as `options` say.
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
    const auto stage =
        cursor_.add_stage(std::move(name), internal::StageKind::key_by, options.on_error, false);
    auto cursor = cursor_.next(stage);
    return KeyedBy<T, BasicStream, Function>(std::move(cursor), std::move(*this), stage,
                                             std::move(key_function));
  }
  template <class F>
  auto key_by(std::string name, F key_function, StageOptions options = {}) const& {
    return continued().key_by(std::move(name), std::move(key_function), options);
  }

  /// Brings all records to one executor: the stages that follow run there and see all of them, in
  /// no order between executors. The stream has no keys afterwards.
  auto collect() && {
    if constexpr (W == internal::Where::single) {
      return std::move(*this);
    } else {
      return gathered(std::move(*this));
    }
  }
  auto collect() const& { return gathered(continued()); }

  /// Returns one stream of the records of this stream and the others, which must have the same
  /// record type, be keyed by the same type of key or not at all, and either all have event time or
  /// none. Records of each stream keep their order; between streams there is none. Throws
  /// ConfigError for streams of different applications.
  template <class... Others>
  auto merge(const Others&... others) const {
    return internal::merged(*this, others...);
  }

  /// Joins records with those of another stream that have an equal key and a time within an
  /// interval: `a.join(b).within(-5s, 10s).to("matched", function)`. Both streams must be keyed by
  /// the same type of key. See <wallaroo/join.hpp>.
  template <class Other>
  auto join(const Other& other) const {
    return internal::JoinAccess::make(*this, other);
  }

  /// Ends the pipeline: every record goes to the sink, a definition of <wallaroo/sink.hpp>.
  /// `options` say what happens to records on which its encoder or callback throws.
  template <class Definition>
  void to_sink(std::string name, Definition definition, StageOptions options = {}) && {
    if constexpr (internal::needs_gathering<Definition> && W != internal::Where::single) {
      std::move(*this).collect().to_sink(std::move(name), std::move(definition), options);
    } else {
      cursor_.use_once();
      const auto stage = cursor_.add_sink(std::move(name), options);
      using Made = internal::SinkTerminal<T, Definition>;
      std::vector<internal::EdgeId> edges;
      auto spec = Made::spec(cursor_.graph(), std::move(definition), stage, edges);
      std::move(pending_).template finish<typename Made::Terminal>(cursor_, std::move(spec),
                                                                   std::move(edges), {stage});
    }
  }
  template <class Definition>
  void to_sink(std::string name, Definition definition, StageOptions options = {}) const& {
    continued().to_sink(std::move(name), std::move(definition), options);
  }

  /// Ends the pipeline: every record goes to each of several sinks, of which there must be one at
  /// least: `.to_sinks(sink("a", tcp_sink(..)), sink("b", file_sink(..)))`. If one of them runs on
  /// one executor, as callback_sink does, all records are collected there first.
  template <class... Definitions>
  void to_sinks(NamedSink<Definitions>... sinks) && {
    static_assert(sizeof...(Definitions) >= 1, "wallaroo: to_sinks needs at least one sink");
    constexpr bool gather = (internal::needs_gathering<Definitions> || ...);
    if constexpr (gather && W != internal::Where::single) {
      std::move(*this).collect().to_sinks(std::move(sinks)...);
    } else {
      cursor_.use_once();
      std::vector<internal::EdgeId> edges;
      std::vector<internal::StageId> stages;
      const auto one = [&]<class D>(NamedSink<D>& named) {
        stages.push_back(cursor_.add_sink(std::move(named.name), named.options));
        return internal::SinkTerminal<T, D>::spec(cursor_.graph(), std::move(named.definition),
                                                  stages.back(), edges);
      };
      using Tee =
          internal::TeeTerminal<typename internal::SinkTerminal<T, Definitions>::Terminal...>;
      typename Tee::Spec spec{
          std::tuple<typename internal::SinkTerminal<T, Definitions>::Terminal::Spec...>{
              one(sinks)...}};
      std::move(pending_).template finish<Tee>(cursor_, std::move(spec), std::move(edges), stages);
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

  BasicStream(internal::GraphCursor cursor, Pending pending)
      : cursor_(std::move(cursor)), pending_(std::move(pending)) {}

  // This stream with one more step, which is a stage of its own.
  template <class Step>
  auto lengthened(typename Step::Spec spec) && {
    const auto stage = spec.stage;
    auto longer = std::move(pending_).template with<Step>(std::move(spec));
    return BasicStream<typename Step::Output, K, W, decltype(longer)>(cursor_.next(stage),
                                                                      std::move(longer));
  }
  // A further use of this stream, which reads from the edge at which the stages so far end.
  auto continued() const { return continued_as<W>(); }
  template <internal::Where NewWhere>
  auto continued_as() const {
    const auto edge = cursor_.shared_output(internal::EdgeKind::forward, [&] {
      return pending_.template finish_shared<T, K>(cursor_);
    });
    return internal::stream_from<T, K, K, NewWhere, Pending::stamped>(cursor_, {edge});
  }
  // The edge by which this stream's records enter another node.
  internal::EdgeId output_edge(internal::EdgeKind kind) const {
    return cursor_.shared_output(kind,
                                 [&] { return pending_.template finish_shared<T, K>(cursor_); });
  }
  template <class S>
  static auto gathered(S&& stream) {
    const auto edge = stream.output_edge(internal::EdgeKind::gather);
    return internal::stream_from<T, K, internal::NoKey, internal::Where::single, Pending::stamped>(
        stream.cursor_, {edge});
  }

  internal::GraphCursor cursor_;
  Pending pending_;
};

/// A stream just after `key_by`: the next stage runs on the executor that owns the key. It has the
/// verbs of BasicStream, with the same contracts.
template <class T, class Upstream, class KeyFunction>
class KeyedBy {
 public:
  using Record = T;  ///< type of the records
  /// Type of the keys; keys that the function returns as std::string_view become std::string.
  using Key = internal::OwnedKey<std::invoke_result_t<KeyFunction&, const T&>>;

  /// Adds a computation or windows; a state computation keeps one state per key.
  template <class F>
  auto to(std::string name, F function, StageOptions options = {}) && {
    return internal::to_keyed(std::move(*this), std::move(name), std::move(function), options);
  }
  template <class F>
  auto to(std::string name, F function, StageOptions options = {}) const& {
    return shared().to(std::move(name), std::move(function), options);
  }
  /// Repartitions again, by another key.
  template <class F>
  auto key_by(std::string name, F key_function, StageOptions options = {}) && {
    return std::move(*this).exchanged().key_by(std::move(name), std::move(key_function), options);
  }
  template <class F>
  auto key_by(std::string name, F key_function, StageOptions options = {}) const& {
    return shared().key_by(std::move(name), std::move(key_function), options);
  }
  /// Adds windows and returns two streams: the results, and the records that came too late.
  template <class Windows>
  auto to_with_late(std::string name, Windows windows, StageOptions options = {}) const {
    return shared().to_with_late(std::move(name), std::move(windows), options);
  }
  /// Gives every record its event time, which `extract` finds in it. Before `key_by` is better:
  /// there a partition is a connection or a file, here it is all that comes from one executor.
  template <class F>
  auto event_time(std::string name, F extract, EventTimeOptions options = {}) && {
    return std::move(*this).exchanged().event_time(std::move(name), std::move(extract),
                                                   std::move(options));
  }
  template <class F>
  auto event_time(std::string name, F extract, EventTimeOptions options = {}) const& {
    return shared().event_time(std::move(name), std::move(extract), std::move(options));
  }
  /// Brings all records to one executor; the stream has no keys afterwards.
  auto collect() && { return std::move(*this).exchanged().collect(); }
  auto collect() const& { return shared().collect(); }
  /// Returns one stream of the records of this stream and the others, which must be keyed alike.
  template <class... Others>
  auto merge(const Others&... others) const {
    return internal::merged(*this, others...);
  }
  /// Joins records with those of another stream that have an equal key and a time within an
  /// interval, see <wallaroo/join.hpp>.
  template <class Other>
  auto join(const Other& other) const {
    return internal::JoinAccess::make(*this, other);
  }
  /// Ends the pipeline: every record goes to the sink.
  template <class Definition>
  void to_sink(std::string name, Definition definition, StageOptions options = {}) const {
    shared().to_sink(std::move(name), std::move(definition), options);
  }
  /// Ends the pipeline: every record goes to each of several sinks.
  template <class... Definitions>
  void to_sinks(NamedSink<Definitions>... sinks) const {
    shared().to_sinks(std::move(sinks)...);
  }

 private:
  template <class, class, internal::Where, class>
  friend class BasicStream;
  friend struct internal::StreamAccess;

  static constexpr bool stamped = internal::StreamTraits<Upstream>::stamped;
  static constexpr bool recompute = internal::StreamTraits<KeyedBy>::recompute;

  KeyedBy(internal::GraphCursor cursor, Upstream upstream, internal::StageId stage,
          KeyFunction function)
      : cursor_(std::move(cursor)),
        upstream_(std::move(upstream)),
        stage_(stage),
        key_function_(std::move(function)) {}

  auto exchanged() && {
    cursor_.use_once();
    if constexpr (recompute) {
      const auto edge = make_edge<false>();
      return internal::keyed_stream_from<T, stamped>(cursor_, key_function_, edge);
    } else {
      const auto edge = make_edge<true>();
      return internal::stream_from<T, Key, Key, internal::Where::keyed, stamped>(cursor_, {edge});
    }
  }
  auto shared() const {
    const auto edge = output_edge(internal::EdgeKind::forward);
    return internal::stream_from<T, Key, Key, internal::Where::keyed, stamped>(cursor_, {edge});
  }
  // Adds a node behind the exchange, which all further uses share.
  internal::EdgeId output_edge(internal::EdgeKind kind) const {
    return cursor_.shared_output(kind, [&] {
      const auto exchange = make_edge<true>();
      internal::Pending<internal::InputWithTime<internal::CarriedInput<T, Key>, stamped>>
          pass_through;
      pass_through.inputs = {exchange};
      return pass_through.template finish_shared<T, Key>(cursor_);
    });
  }
  template <bool Carry>
  internal::EdgeId make_edge() const {
    using Terminal = internal::ExchangeTerminal<T, KeyFunction, Carry, stamped>;
    return internal::StreamAccess::exchange_edge<Terminal>(*this, [](auto spec) { return spec; });
  }

  internal::GraphCursor cursor_;
  Upstream upstream_;
  internal::StageId stage_;
  KeyFunction key_function_;
};

}  // namespace wallaroo
