// What a worker is made of, for the files that build and describe it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "worker/source_refusals.hpp"
#include "worker/worker.hpp"

namespace wallaroo::internal {

struct Worker::StageInstance {
  StageId stage;
  NodeId node;
  int executor;
  StageRuntime runtime;
};

/// The queues of one edge, by producing and consuming executor; null where one does not run.
struct Worker::EdgeInstance {
  struct Queue {
    std::unique_ptr<Mailbox> mailbox;
    MailboxMetrics metrics;
  };
  std::vector<std::vector<std::unique_ptr<Queue>>> from_to;
};

struct Worker::SourceInstance {
  std::string name;
  std::unique_ptr<Source> source;
  std::vector<std::unique_ptr<SourceMetrics>> metrics;    ///< by executor
  std::vector<std::unique_ptr<SourceRefusals>> refusals;  ///< of the executors that it runs on
};

struct Worker::SinkInstance {
  std::string name;
  std::unique_ptr<ByteSink> sink;
  SinkMetrics metrics;
};

}  // namespace wallaroo::internal
