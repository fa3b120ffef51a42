#include "python/py_application.hpp"

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "app/application_access.hpp"
#include "plan/step_of.hpp"
#include "python/adding.hpp"
#include "python/functions/batches.hpp"
#include "step/steps/computation_step.hpp"
#include "step/steps/event_time_step.hpp"

namespace wallaroo::python {

using internal::StageId;
using internal::StageKind;
using internal::StreamId;

PyApplication::PyApplication(std::string name)
    : application_(std::move(name)), pipelines_(internal::ApplicationAccess::graph(application_)) {}

PyApplication::Pipelines& PyApplication::open() {
  if (finished_) {
    throw ConfigError(fmt::format(
        "application '{}' has been given to an engine: describe all pipelines before it runs",
        name()));
  }
  return pipelines_;
}

const Application& PyApplication::finished() {
  if (!finished_) {
    finished_ = true;
    pipelines_.lower();
  }
  return application_;
}

StreamNumber PyApplication::source(StageWords words, Source source) {
  return open().source(std::move(words), std::move(source)).index();
}

StreamNumber PyApplication::dead_letters(std::string name) {
  return open().dead_letters(std::move(name)).index();
}

StreamNumber PyApplication::one(StreamNumber from, StageWords words, OneFunction function) {
  using Step = internal::ComputationStep<OneFunction, PyRecord, PyKey>;
  return add<Step>(from, std::move(words), StageKind::computation, [&](StageId stage) {
    return Step::Spec{stage, std::move(function)};
  });
}

StreamNumber PyApplication::many(StreamNumber from, StageWords words, ManyFunction function) {
  using Step = internal::ComputationStep<ManyFunction, PyRecord, PyKey>;
  return add<Step>(from, std::move(words), StageKind::computation, [&](StageId stage) {
    return Step::Spec{stage, std::move(function)};
  });
}

StreamNumber PyApplication::map_batch(StreamNumber from, StageWords words, Shared function,
                                      std::size_t most) {
  return open()
      .own_step(StreamId(from), std::move(words), StageKind::computation,
                [&](StageId stage) -> internal::StepFactory<PyTraits> {
                  return [stage, function, most](const internal::SegmentContext& context) {
                    return std::make_unique<MapBatchStep>(*context.stages.at(stage), function,
                                                          most);
                  };
                })
      .index();
}

StreamNumber PyApplication::key_by(StreamNumber from, StageWords words, KeyOf key) {
  return open().key_by(StreamId(from), std::move(words), std::move(key)).index();
}

StreamNumber PyApplication::event_time(StreamNumber from, StageWords words, EventTimeOf time,
                                       EventTimeOptions options, bool has_time) {
  using Step = internal::EventTimeStep<EventTimeOf, PyRecord>;
  internal::check_event_time(open().graph(), words.name, options);
  return add<Step>(from, std::move(words), StageKind::event_time, [&](StageId stage) {
    return typename Step::Spec{stage, std::move(time), options, has_time};
  });
}

StreamNumber PyApplication::split(StreamNumber from, std::string name, bool late) {
  using Step = internal::ComputationStep<LateFilter, PyRecord, PyKey>;
  return add<Step>(from, {std::move(name)}, StageKind::computation, [&](StageId stage) {
    return Step::Spec{stage, LateFilter{late}};
  });
}

StreamNumber PyApplication::merge(const std::vector<StreamNumber>& from) {
  std::vector<StreamId> streams;
  for (const StreamNumber number : from) {
    streams.emplace_back(number);
  }
  return open().merge(streams).index();
}

void PyApplication::sinks(StreamNumber from, std::vector<Sink> sinks) {
  open().sinks(StreamId(from), std::move(sinks));
}

}  // namespace wallaroo::python
