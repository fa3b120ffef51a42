// The parts that streams are built of: stages that wait to be fused, and the places where chains
// end.
#pragma once

#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <wallaroo/types/stage_options.hpp>

#include "plan/graph.hpp"
#include "sink/definition.hpp"
#include "step/chain.hpp"
#include "step/input.hpp"
#include "step/named_finish.hpp"
#include "step/steps/callback_terminal.hpp"
#include "step/steps/computation_step.hpp"
#include "step/steps/exchange_terminal.hpp"
#include "step/steps/terminal.hpp"

namespace wallaroo::internal {

/// Where the stages of a stream run.
enum class Where {
  spread,  ///< on every executor, each with the records that its sources read
  keyed,   ///< on every executor, each with the records of the keys it owns
  single,  ///< on one executor, with all records
};

/// The last stage of a stream so far, shared by the copies of the stream.
struct Tip {
  StageId stage;
  bool fused = false;  ///< a chained call has taken it
  /// Where the chain ends, when the stream is used as a variable.
  std::optional<NodeId> node = std::nullopt;
};

/// A stream's place in the graph.
class GraphCursor {
 public:
  GraphCursor(std::shared_ptr<Graph> graph, std::string pipeline, StageId stage);
  // Not movable: a stream that was moved from must still find its place, to report its reuse.
  GraphCursor(const GraphCursor&);
  GraphCursor& operator=(const GraphCursor&);
  ~GraphCursor();

  Graph& graph() const { return *graph_; }
  const std::shared_ptr<Graph>& shared_graph() const { return graph_; }
  const std::string& pipeline() const { return pipeline_; }
  GraphCursor next(StageId stage) const;
  /// The place of a stream that starts with an edge from here.
  GraphCursor after() const;

  /// Adds a stage that is fused with this one. `temporal` as in StageInfo.
  StageId add_stage(std::string name, StageKind kind, OnError on_error, bool temporal) const;
  StageId add_sink(std::string name, StageOptions options) const;
  /// Marks the stream as used by one consumer. A second use is reported as a mistake.
  void use_once() const;
  /// Adds an edge from the node that ends this stream's chain. `finish` makes that node; it is
  /// called at the first use only.
  template <std::invocable Finish>
  EdgeId shared_output(EdgeKind kind, Finish finish) const {
    begin_shared_use();
    if (!tip_->node) {
      tip_->node = finish();
    }
    return add_shared_edge(kind);
  }

 private:
  void begin_shared_use() const;
  EdgeId add_shared_edge(EdgeKind kind) const;

  std::shared_ptr<Graph> graph_;
  std::string pipeline_;
  std::shared_ptr<Tip> tip_;
};

/// The parts of a node of fused stages that do not depend on the stages' types.
struct SegmentParts {
  std::vector<StageId> stages;
  const std::vector<StageId>& last;  ///< the stages that the terminal stands for
  std::vector<EdgeId> inputs;
  std::vector<EdgeId> outputs;
  SourceFactory source;
  bool dead_letters;
  bool takes_frames;
};
NodeId add_segment(Graph& graph, SegmentParts parts, SegmentFactory make);

/// Stages that are not yet part of a node: more may be fused to them.
template <class Input, class... Steps>
struct Pending {
  using Key = typename Input::Key;
  /// Whether records carry an event time.
  static constexpr bool stamped = Input::timed || (is_temporal<Steps> || ...);

  Input input;
  std::tuple<typename Steps::Spec...> steps;
  std::vector<StageId> stages;  ///< a source's own stage first
  std::vector<EdgeId> inputs;
  SourceFactory source;
  std::optional<StageId> head;  ///< a source without a decoder, whose records the chain must count
  bool dead_letters = false;

  template <class Step>
  Pending<Input, Steps..., Step> with(typename Step::Spec spec) && {
    stages.push_back(spec.stage);
    return {std::move(input),
            std::tuple_cat(std::move(steps), std::tuple<typename Step::Spec>(std::move(spec))),
            std::move(stages),
            std::move(inputs),
            std::move(source),
            head,
            dead_letters};
  }

  /// Adds the decoder of a byte source: a step that belongs to the source's own stage.
  template <class Step>
  Pending<Input, Step> decoded_by(typename Step::Spec spec) && {
    return {std::move(input),  std::tuple<typename Step::Spec>(std::move(spec)),
            std::move(stages), std::move(inputs),
            std::move(source), head,
            dead_letters};
  }

  /// Makes the node. `last` are the stages that the terminal stands for.
  template <class Terminal>
  NodeId finish(const GraphCursor& cursor, typename Terminal::Spec terminal,
                std::vector<EdgeId> outputs, const std::vector<StageId>& last) && {
    using Made = Chain<Input, Terminal, Steps...>;
    return add_segment(
        cursor.graph(),
        {std::move(stages), last, std::move(inputs), std::move(outputs), std::move(source),
         dead_letters, std::is_same_v<Input, FrameInput>},
        [spec = typename Made::Spec{std::move(input), std::move(steps), std::move(terminal), head}](
            const SegmentContext& context) -> std::unique_ptr<Segment> {
          return std::make_unique<Made>(spec, context);
        });
  }

  template <class T, class K>
  NodeId finish_shared(const GraphCursor& cursor) const {
    using Terminal = ForwardTerminal<T, K, stamped>;
    auto copy = *this;
    return std::move(copy).template finish<Terminal>(cursor, {}, {}, {});
  }
};

/// Adds the node that writes a sink's bytes; returns the edge that leads to it.
EdgeId add_writer(Graph& graph, StageId stage, SinkFactory make);

/// The terminal with which a sink definition ends a chain of T.
template <class T, class Definition>
struct SinkTerminal;

template <class T, class Encoder>
struct SinkTerminal<T, ByteSinkDefinition<Encoder>> {
  using Terminal = EncodeTerminal<T, Encoder>;

  static typename Terminal::Spec spec(Graph& graph, ByteSinkDefinition<Encoder> definition,
                                      StageId stage, std::vector<EdgeId>& edges) {
    edges.push_back(add_writer(graph, stage, std::move(definition.make)));
    return {stage, std::move(definition.encoder)};
  }
};

template <class T, class Callback, bool Concurrent>
struct SinkTerminal<T, CallbackSinkDefinition<Callback, Concurrent>> {
  using Terminal = NamedFinish<CallbackTerminal<T, Callback>>;

  static typename Terminal::Spec spec(Graph&,
                                      CallbackSinkDefinition<Callback, Concurrent> definition,
                                      StageId stage, std::vector<EdgeId>&) {
    return {stage, std::move(definition.callback)};
  }
};

/// Whether a sink may only be called by one thread at a time.
template <class Definition>
inline constexpr bool needs_gathering = false;
template <class Callback>
inline constexpr bool needs_gathering<CallbackSinkDefinition<Callback, false>> = true;

}  // namespace wallaroo::internal
