// A source whose records a test puts in a queue.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "record/record_batch.hpp"
#include "source/connector.hpp"
#include "source/record_source.hpp"

namespace wallaroo::internal {

/// Filled and emptied by the one thread that steps the executors.
template <class T>
struct RecordQueue {
  std::deque<T> records;
};

template <class T>
class QueueConnector final : public SourceConnector {
 public:
  QueueConnector(std::shared_ptr<RecordQueue<T>> queue, const ConnectorContext& context)
      : queue_(std::move(queue)), context_(context) {}

  void start() override { context_.receiver.open_partition(0); }
  bool poll() override {
    auto& records = queue_->records;
    if (records.empty()) {
      return false;
    }
    while (!records.empty() && !batch_.full()) {
      batch_.emplace(std::move(records.front()));
      records.pop_front();
    }
    batch_.ingest_ns = context_.clock.now_ns();
    context_.metrics.records.add(batch_.size());
    context_.receiver.receive(batch_);
    batch_.reset();
    return true;
  }
  void stop() override { stopped_ = true; }
  bool finished() const override { return stopped_ && queue_->records.empty(); }

 private:
  std::shared_ptr<RecordQueue<T>> queue_;
  ConnectorContext context_;
  RecordBatch<T> batch_;
  bool stopped_ = false;
};

template <class T>
class QueueSource final : public Source {
 public:
  explicit QueueSource(std::shared_ptr<RecordQueue<T>> queue) : queue_(std::move(queue)) {}

  void open() override {}
  void set_address(const std::string&) override { refuse_address("input", "queue of a test"); }
  std::string address() const override { return "test"; }
  std::unique_ptr<SourceConnector> connector(int, int, const ConnectorContext& context) override {
    return std::make_unique<QueueConnector<T>>(queue_, context);
  }

 private:
  std::shared_ptr<RecordQueue<T>> queue_;
};

}  // namespace wallaroo::internal
