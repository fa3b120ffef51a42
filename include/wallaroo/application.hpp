// An application: the description of its pipelines.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include <wallaroo/stream.hpp>
#include <wallaroo/types/decoded.hpp>

namespace wallaroo {

namespace internal {
struct ApplicationAccess;
}

/// Describes one or more pipelines; nothing runs until an Engine (or `run`) is given it. It may be
/// destroyed before its engines, which keep what they need, and several engines may be made of it.
class Application {
 public:
  /// The name labels metrics and logs, and is stored in checkpoints: one that was taken under
  /// another name is refused.
  explicit Application(std::string name);

  /// Starts a pipeline and returns its stream of records. `definition` is a source of
  /// <wallaroo/source.hpp>. Names of sources, stages and sinks must be unique within the
  /// application; the Engine's constructor throws ConfigError for those that are not.
  template <class Definition>
  auto source(std::string name, Definition definition) {
    using Input = typename Definition::Input;
    internal::Pending<Input> pending;
    pending.source = std::move(definition.make);
    if constexpr (std::is_same_v<Input, internal::FrameInput>) {
      const auto stage = add_source(name, definition.on_error);
      pending.stages = {stage};
      using Step = internal::DecodeStep<decltype(definition.decoder)>;
      // The decoder is the source's own stage.
      auto decoded =
          std::move(pending).template decoded_by<Step>({stage, std::move(definition.decoder)});
      return spread<typename Definition::Record>(std::move(name), stage, std::move(decoded));
    } else {
      const auto stage = add_source(name, definition.on_error);
      pending.stages = {stage};
      pending.head = stage;
      return spread<typename Definition::Record>(std::move(name), stage, std::move(pending));
    }
  }

  /// The stream of the records on which stages with `OnError::dead_letter` failed. It runs on one
  /// executor, and its own stages may not use that policy.
  auto dead_letters(std::string name) {
    internal::Pending<internal::LetterInput> pending;
    const auto stage = add_source(name, OnError::stop);
    pending.stages = {stage};
    pending.head = stage;
    pending.dead_letters = true;
    using Made =
        BasicStream<DeadLetter, internal::NoKey, internal::Where::single, decltype(pending)>;
    return internal::StreamAccess::make<Made>(internal::GraphCursor(graph_, std::move(name), stage),
                                              std::move(pending));
  }

  /// The name that was given to the constructor.
  const std::string& name() const { return name_; }
  /// The pipelines described so far; for the engine.
  std::shared_ptr<const internal::Graph> graph() const { return graph_; }

 private:
  friend struct internal::ApplicationAccess;

  internal::StageId add_source(const std::string& name, OnError on_error);

  template <class T, class Pending>
  auto spread(std::string name, internal::StageId stage, Pending pending) {
    using Made = BasicStream<T, internal::NoKey, internal::Where::spread, Pending>;
    return internal::StreamAccess::make<Made>(internal::GraphCursor(graph_, std::move(name), stage),
                                              std::move(pending));
  }

  std::string name_;
  std::shared_ptr<internal::Graph> graph_;
};

}  // namespace wallaroo
