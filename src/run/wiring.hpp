// Makes the segments, queues and tasks of a run from its plan.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "metrics/describe.hpp"
#include "metrics/registry.hpp"
#include "plan/plan.hpp"
#include "route/mailbox.hpp"
#include "run/checkpoints/run_checkpoints.hpp"
#include "run/executor.hpp"
#include "run/run_options.hpp"
#include "run/run_totals.hpp"
#include "run/sources_and_sinks.hpp"
#include "run/task/inbox.hpp"
#include "run/task/source_refusals.hpp"
#include "run/wired_segment.hpp"
#include "step/once_per_stage.hpp"

namespace wallaroo::internal {

/// What a key_by has sampled on an executor. Lives as long as the wiring.
struct SampledKeys {
  StageId stage;
  int executor = 0;
  const KeySample* sample = nullptr;
};

/// Owns what tasks refer to: queues, the stages' runtimes, and counters. It must outlive the
/// executors that own the tasks.
class Wiring {
 public:
  explicit Wiring(const RunContext& context);

  // The way to a running plan, each once and in this order, on the starting thread.

  /// Makes the queues and the segments, and tells sources whether the stages after them use event
  /// time. Throws StageError when a copy of a user's function throws.
  void make_segments(const Executors& executors, SourcesAndSinks& sources_and_sinks);
  /// Empty again after `make_tasks`.
  const WiredSegments& segments() const { return segments_; }
  /// Gives every executor its tasks, in the order in which it serves them. Sources and sinks must
  /// be open.
  void make_tasks(const Executors& executors, SourcesAndSinks& sources_and_sinks,
                  RunCheckpoints& checkpoints);

  // After `make_segments`; from any thread.

  /// All queues into the node.
  std::vector<const Mailbox*> queues_before(const Node& node) const;
  /// The counters of the stage, of all executors.
  std::vector<const StageMetrics*> metrics_of(StageId stage) const;
  /// The counters of the node's first stage, of all executors. Empty when the node has no stage.
  std::vector<const StageMetrics*> metrics_of_first_stage(NodeId id) const;
  /// What every key_by has sampled.
  std::vector<SampledKeys> sampled_keys() const;
  void register_stages(Registry& registry, const std::string& worker) const;
  void register_edges(Registry& registry, const std::string& worker) const;
  /// After `make_tasks`.
  void register_segments(Registry& registry, const std::string& worker) const;
  void add_totals(RunTotals& totals) const;

 private:
  /// A stage on one executor.
  struct StageInstance {
    StageInstance(StageId its_stage, NodeId its_node, int its_executor)
        : stage(its_stage), node(its_node), executor(its_executor) {}

    StageId stage;
    NodeId node;
    int executor;
    StageRuntime runtime;
  };

  /// The counters of a task.
  struct TaskCounters {
    TaskCounters(NodeId its_node, int its_executor) : node(its_node), executor(its_executor) {}

    NodeId node;
    int executor;
    SegmentMetrics metrics;
  };

  /// The queues of one edge of the plan and their counters. Null where the producing or the
  /// consuming node does not run.
  struct EdgeQueues {
    std::vector<std::vector<std::unique_ptr<Mailbox>>> from_to;  ///< by producer and consumer
    std::vector<std::unique_ptr<EdgeMetrics>> consumers;         ///< by executor
    std::vector<std::unique_ptr<Counter>> blocked_ns;            ///< by producing executor

    EdgeFill fill() const;
  };

  void make_queues(const Executors& executors);
  void make_queues_from(const Edge& edge, int from, const Executors& executors, EdgeQueues& queues);
  void make_segment(NodeId id, int executor, SourcesAndSinks& sources_and_sinks);
  std::unique_ptr<Segment> segment(const Node& node, const SegmentContext& context) const;
  SegmentContext segment_context(NodeId id, int executor, SourcesAndSinks& sources_and_sinks,
                                 std::vector<std::unique_ptr<Outlet>>& outlets);
  StageRuntime& make_stage(StageId stage, NodeId node, int executor);
  std::unique_ptr<Outlet> outlet(EdgeId edge, int from) const;
  Inbox inbox(const Node& node, int executor) const;

  void make_task(NodeId id, Executor& executor, int index, SourcesAndSinks& sources_and_sinks,
                 RunCheckpoints& checkpoints);
  SegmentMetrics& task_metrics(NodeId node, int executor);
  std::unique_ptr<Task> writer_task(NodeId id, Executor& executor, int index, RunSink& sink,
                                    RunCheckpoints& checkpoints) const;
  std::unique_ptr<Task> source_task(WiredSegment& segment, Executor& executor, RunSource& source,
                                    const CheckpointSlot& slot);
  std::string task_name(const Node& node) const;
  WiredSegment& segment_of(NodeId node, int executor);
  StageRuntime& runtime_of(StageId stage, int executor);
  std::int64_t longest_news_ns() const;

  const RunContext& context_;
  // Used by several executors; does its own locking.
  OncePerStage once_;
  // Constant once the executors run. The pointers lead to what tasks refer to: each executor uses
  // its own, and any thread may read counters and the depths of queues.
  std::vector<std::unique_ptr<StageInstance>> stages_;
  IndexedBy<EdgeId, std::unique_ptr<EdgeQueues>> edges_;
  std::vector<std::unique_ptr<SourceRefusals>> refusals_;
  std::vector<std::unique_ptr<TaskCounters>> task_counters_;
  // Only while the run is opened.
  WiredSegments segments_;
};

}  // namespace wallaroo::internal
