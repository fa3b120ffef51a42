// What a run is made of, for the files that build and describe it.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "metrics/describe.hpp"
#include "route/mailbox.hpp"
#include "run/run.hpp"
#include "run/task/source_refusals.hpp"

namespace wallaroo::internal {

struct Run::StageInstance {
  StageId stage;
  NodeId node;
  int executor;
  StageRuntime runtime;
};

/// What an executor serves in turn for one node of the plan.
struct Run::TaskInstance {
  NodeId node = 0;
  int executor = 0;
  SegmentMetrics metrics;
};

/// The queues of one edge, and what they count on each executor; null where its ends do not run.
struct Run::EdgeInstance {
  std::vector<std::vector<std::unique_ptr<Mailbox>>> from_to;  ///< by producer and consumer
  std::vector<std::unique_ptr<EdgeMetrics>> consumers;         ///< by executor
  std::vector<std::unique_ptr<Counter>> blocked_ns;            ///< by producing executor

  EdgeFill fill() const;
};

/// A segment until it becomes part of its task.
struct Run::SegmentInstance {
  NodeId node;
  int executor;
  SegmentRunner output;
  Outlet* dead_letters = nullptr;
  std::vector<KeptState> states;
};

struct Run::SourceInstance {
  std::string name;
  std::size_t index = 0;  ///< in the order of the plan's nodes
  bool ended = false;     ///< in the checkpoint that is restored
  std::unique_ptr<Source> source;
  std::vector<std::unique_ptr<SourceMetrics>> metrics;    ///< by executor
  std::vector<std::unique_ptr<SourceRefusals>> refusals;  ///< of the executors that it runs on
};

struct Run::SinkInstance {
  /// What the writer says of its transactions.
  struct Listener final : TransactionListener {
    CheckpointPort* port = nullptr;
    std::size_t index = 0;
    void prepared(std::uint64_t number, std::string vote) override {
      port->sink_prepared(number, index, std::move(vote));
    }
    void committed(std::uint64_t number) override { port->sink_committed(number, index); }
    void roll_back(std::string reason) override { port->roll_back(std::move(reason)); }
  };

  std::string name;
  std::unique_ptr<ByteSink> sink;
  Listener listener;  ///< its index: in the order of the plan's nodes
  SinkMetrics metrics;
};

}  // namespace wallaroo::internal
