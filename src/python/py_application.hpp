// An application whose pipelines Python describes, verb by verb.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <wallaroo/application.hpp>
#include <wallaroo/types/event_time.hpp>

#include "plan/dynamic_pipelines.hpp"
#include "python/functions/computations.hpp"
#include "python/functions/extract.hpp"
#include "python/functions/py_aggregation.hpp"
#include "python/objects/gil.hpp"
#include "python/traits.hpp"
#include "window/joins/join_settings.hpp"
#include "window/window_settings.hpp"

namespace wallaroo::python {

using internal::StageWords;
/// A stream as Python names it.
using StreamNumber = std::size_t;
using Source = internal::DynamicSource<PyTraits>;
using Sink = internal::DynamicSink<PyTraits>;

/// The options of a stage with state.
struct StateOptions {
  std::optional<std::int64_t> expire_after_ns = std::nullopt;
  bool by_processing_time = false;
  std::optional<std::int64_t> timeout_ns = std::nullopt;  ///< of its timers
};

/// Collects verbs. Every verb takes the number of a stream, and returns that of a new one. Throws
/// ConfigError for a verb after the application was given to an engine.
class PyApplication {
 public:
  explicit PyApplication(std::string name);

  const std::string& name() const { return application_.name(); }

  StreamNumber source(StageWords words, Source source);
  StreamNumber dead_letters(std::string name);
  StreamNumber one(StreamNumber from, StageWords words, OneFunction function);
  StreamNumber many(StreamNumber from, StageWords words, ManyFunction function);
  StreamNumber state(StreamNumber from, StageWords words, StateFunction function,
                     const StateOptions& options);
  StreamNumber state_many(StreamNumber from, StageWords words, StateManyFunction function,
                          const StateOptions& options);
  /// Aggregates all records of a key so far, and emits (record, value) for each.
  StreamNumber running(StreamNumber from, StageWords words, RunningAggregation aggregation);
  StreamNumber timed_state(StreamNumber from, StageWords words, Shared function, Shared on_timer,
                           Shared initial, const StateOptions& options);
  StreamNumber map_batch(StreamNumber from, StageWords words, Shared function, std::size_t most);
  StreamNumber key_by(StreamNumber from, StageWords words, KeyOf key);
  /// `has_time`: a stage before gives records their event time already.
  StreamNumber event_time(StreamNumber from, StageWords words, EventTimeOf time,
                          EventTimeOptions options, bool has_time);
  /// The records of the result are results, and late records if the policy is LateData::to_stream;
  /// `split` tells them apart.
  StreamNumber windows(StreamNumber from, StageWords words,
                       const internal::WindowSettings& settings, Aggregation aggregation);
  StreamNumber join(StreamNumber left, StreamNumber right, StageWords words,
                    const internal::JoinSettings& settings, Shared function);
  /// The late records of windows or a join, or the others.
  StreamNumber split(StreamNumber from, std::string name, bool late);
  StreamNumber merge(const std::vector<StreamNumber>& from);
  void sinks(StreamNumber from, std::vector<Sink> sinks);

  /// The application, to which no verbs can be added any more.
  const Application& finished();

 private:
  DropAtEnd drop_at_end_;  // before all that holds references
  using Pipelines = internal::DynamicPipelines<PyTraits>;
  Pipelines& open();
  template <class Step>
  StreamNumber add(StreamNumber from, StageWords words, internal::StageKind kind,
                   std::function<typename Step::Spec(internal::StageId)> spec);

  Application application_;
  Pipelines pipelines_;
  bool finished_ = false;
};

}  // namespace wallaroo::python
