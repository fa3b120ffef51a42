// Pipelines that are described at run time, one verb after the other, and become a graph.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "plan/builder.hpp"
#include "plan/graph.hpp"
#include "step/dynamic/dynamic_chain.hpp"

namespace wallaroo::internal {

/// The number of a stream among those of a DynamicPipelines.
using StreamId = Id<struct DynamicStream>;

/// The name of a stage, and its policy for records on which it fails.
struct StageWords {
  std::string name;
  OnError on_error = OnError::stop;
};

/// A source before it has a stage.
template <class Traits>
struct DynamicSource {
  SourceFactory make;
  std::function<HeadFactory<Traits>(StageId)> head;
  bool takes_frames = false;  ///< the head is a decoder
};

/// A sink before it has a stage.
template <class Traits>
struct DynamicSink {
  StageWords words;
  std::function<EndFactory<Traits>(StageId)> end;
  SinkFactory writer = {};  ///< empty for a sink that is a function
  bool single = false;      ///< its function may only be called by one thread
};

/// Collects the verbs of a program, and adds their segments to a graph with `lower`. Unlike the
/// streams of C++, a stream here may always be used any number of times: `lower` fuses a stage with
/// the one before it if nobody else uses the stream between them.
template <class Traits>
class DynamicPipelines {
 public:
  explicit DynamicPipelines(std::shared_ptr<Graph> graph) : graph_(std::move(graph)) {}

  Graph& graph() { return *graph_; }

  StreamId source(StageWords words, DynamicSource<Traits> source) {
    const std::string pipeline = words.name;
    const StageId stage = graph_->add_stage(
        {std::move(words.name), pipeline, StageKind::source, words.on_error, false});
    Stream stream{Kind::source, {}, stage, pipeline};
    stream.head = source.head(stage);
    stream.source = std::move(source.make);
    stream.takes_frames = source.takes_frames;
    return streams_.add(std::move(stream));
  }

  /// The stream of the records on which stages with OnError::dead_letter failed.
  StreamId dead_letters(std::string name) {
    const StageId stage = graph_->add_stage({name, name, StageKind::source, OnError::stop, false});
    Stream stream{Kind::source, {}, stage, std::move(name)};
    stream.head = dead_letter_head<Traits>(stage);
    stream.dead_letters = true;
    return streams_.add(std::move(stream));
  }

  /// Adds a stage whose step is a typed Step. `spec(stage)` makes the step's Spec.
  template <class Step, class MakeSpec>
  StreamId step(StreamId from, StageWords words, StageKind kind, MakeSpec&& spec) {
    const StageId stage = add_stage(from, std::move(words), kind, is_temporal<Step>);
    return add_step(from, stage, step_factory<Traits, Step>(spec(stage)));
  }
  /// Adds a stage of a class of its own.
  StreamId own_step(StreamId from, StageWords words, StageKind kind,
                    const std::function<StepFactory<Traits>(StageId)>& make) {
    const StageId stage = add_stage(from, std::move(words), kind, false);
    return add_step(from, stage, make(stage));
  }
  /// Adds a step that is no stage: it makes no outputs of its own and cannot fail.
  StreamId silent_step(StreamId from, StepFactory<Traits> make) {
    graph_->mark_consumed(stage_of(from));
    return add_step(from, std::nullopt, std::move(make));
  }

  /// Repartitions by the keys that a function of type KeyFunction gives.
  template <class KeyFunction>
  StreamId key_by(StreamId from, StageWords words, KeyFunction function) {
    using Terminal = ExchangeTerminal<typename Traits::Record, KeyFunction, true, true>;
    const StageId stage = add_stage(from, std::move(words), StageKind::key_by, false);
    Stream stream{Kind::exchange, {from}, stage, streams_[from].pipeline};
    stream.end = end_factory<Traits, Terminal>({stage, std::move(function)});
    return streams_.add(std::move(stream));
  }

  /// Makes one stream of several.
  StreamId merge(const std::vector<StreamId>& from) {
    for (const StreamId stream : from) {
      graph_->mark_consumed(stage_of(stream));
    }
    return streams_.add(
        {Kind::merge, from, stage_of(from.front()), streams_[from.front()].pipeline});
  }

  /// Ends the stream: every record goes to each of these sinks.
  void sinks(StreamId from, std::vector<DynamicSink<Traits>> sinks) {
    graph_->mark_consumed(stage_of(from));
    End end{from};
    for (DynamicSink<Traits>& sink : sinks) {
      end.stages.push_back(graph_->add_stage(
          {sink.words.name, streams_[from].pipeline, StageKind::sink, sink.words.on_error, false}));
      end.sinks.push_back(std::move(sink));
    }
    ends_.push_back(std::move(end));
  }

  /// Adds everything to the graph. Call it once, when all is described.
  void lower() {
    for (const Stream& stream : streams_) {
      for (const StreamId from : stream.from) {
        ++streams_[from].uses;
      }
    }
    for (const End& end : ends_) {
      ++streams_[end.from].uses;
    }
    for (const Stream& stream : streams_) {
      if (stream.kind == Kind::merge && stream.uses == 0) {
        graph_->add_mistake("the stream that a merge made has no consumer: end it with a sink");
      }
    }
    for (End& end : ends_) {
      lower_end(end);
    }
  }

 private:
  enum class Kind { source, step, exchange, merge };

  struct Stream {
    Kind kind;
    std::vector<StreamId> from;
    std::optional<StageId> stage;  ///< of a merge: of the first stream before it
    std::string pipeline;
    HeadFactory<Traits> head = {};  ///< of a source
    SourceFactory source = {};
    bool takes_frames = false;
    bool dead_letters = false;
    StepFactory<Traits> step = {};
    EndFactory<Traits> end = {};  ///< of the chain before an exchange
    std::size_t uses = 0;
    std::optional<NodeId> node = std::nullopt;  ///< where the chain ends if it is shared
  };

  struct End {
    StreamId from;
    std::vector<StageId> stages = {};
    std::vector<DynamicSink<Traits>> sinks = {};
  };

  /// A segment to which stages may still be fused.
  struct Open {
    DynamicChainSpec<Traits> chain;
    std::vector<StageId> stages;
    std::vector<EdgeId> inputs;
    SourceFactory source;
    bool dead_letters = false;
    bool takes_frames = false;
  };

  StageId stage_of(StreamId stream) const {
    const Stream* one = &streams_[stream];
    while (!one->stage) {
      one = &streams_[one->from.front()];
    }
    return *one->stage;
  }

  StageId add_stage(StreamId from, StageWords words, StageKind kind, bool temporal) {
    graph_->mark_consumed(stage_of(from));
    return graph_->add_stage(
        {std::move(words.name), streams_[from].pipeline, kind, words.on_error, temporal});
  }
  StreamId add_step(StreamId from, std::optional<StageId> stage, StepFactory<Traits> make) {
    Stream stream{Kind::step, {from}, stage, streams_[from].pipeline};
    stream.step = std::move(make);
    return streams_.add(std::move(stream));
  }

  void lower_end(End& end) {
    bool single = false;
    for (const DynamicSink<Traits>& sink : end.sinks) {
      single = single || sink.single;
    }
    Open open = single ? from_edge(output_edge(end.from, EdgeKind::gather)) : continued(end.from);
    std::vector<EdgeId> outputs;
    for (std::size_t i = 0; i < end.sinks.size(); ++i) {
      DynamicSink<Traits>& sink = end.sinks[i];
      if (sink.writer) {
        outputs.push_back(add_writer(*graph_, end.stages[i], std::move(sink.writer)));
      }
      open.chain.ends.push_back(sink.end(end.stages[i]));
    }
    finish(std::move(open), std::move(outputs), end.stages);
  }

  /// The segment to which the next stage of the stream belongs.
  Open continued(StreamId stream) {
    return streams_[stream].uses > 1 ? from_edge(output_edge(stream, EdgeKind::forward))
                                     : opened(stream);
  }
  /// The segment with the stream's own stage. Call once for each stream.
  Open opened(StreamId id) {
    Stream& stream = streams_[id];
    switch (stream.kind) {
      case Kind::source: {
        Open open;
        open.chain.head = std::move(stream.head);
        open.stages = {*stream.stage};
        open.source = std::move(stream.source);
        open.dead_letters = stream.dead_letters;
        open.takes_frames = stream.takes_frames;
        return open;
      }
      case Kind::step: {
        Open open = continued(stream.from.front());
        open.chain.steps.push_back(std::move(stream.step));
        if (stream.stage) {
          open.stages.push_back(*stream.stage);
        }
        return open;
      }
      case Kind::exchange: {
        Open before = continued(stream.from.front());
        before.chain.ends = {std::move(stream.end)};
        const EdgeId edge = graph_->add_edge(EdgeKind::exchange);
        finish(std::move(before), {edge}, {*stream.stage});
        return from_edge(edge);
      }
      case Kind::merge: {
        Open open;
        open.chain.head = edge_head<Traits>();
        for (const StreamId from : std::vector<StreamId>(stream.from)) {
          open.inputs.push_back(output_edge(from, EdgeKind::forward));
        }
        return open;
      }
    }
    return {};
  }

  static Open from_edge(EdgeId edge) {
    Open open;
    open.chain.head = edge_head<Traits>();
    open.inputs = {edge};
    return open;
  }

  /// An edge from the end of the stream's chain, which other edges may share.
  EdgeId output_edge(StreamId stream, EdgeKind kind) {
    using Terminal = ForwardTerminal<typename Traits::Record, typename Traits::Key, true>;
    if (!streams_[stream].node) {
      Open open = opened(stream);
      open.chain.ends = {end_factory<Traits, Terminal>({})};
      streams_[stream].node = finish(std::move(open), {}, {});
    }
    const EdgeId edge = graph_->add_edge(kind);
    graph_->add_output(*streams_[stream].node, edge);
    return edge;
  }

  NodeId finish(Open open, std::vector<EdgeId> outputs, const std::vector<StageId>& last) {
    return add_segment(
        *graph_,
        {std::move(open.stages), last, std::move(open.inputs), std::move(outputs),
         std::move(open.source), open.dead_letters, open.takes_frames},
        [spec = std::move(open.chain)](const SegmentContext& context) -> std::unique_ptr<Segment> {
          return std::make_unique<DynamicChain<Traits>>(spec, context);
        });
  }

  std::shared_ptr<Graph> graph_;
  IndexedBy<StreamId, Stream> streams_;
  std::vector<End> ends_;
};

}  // namespace wallaroo::internal
