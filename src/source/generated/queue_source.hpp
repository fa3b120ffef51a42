// A source whose records a test puts in a queue.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "record/record_batch.hpp"
#include "source/generated/record_position.hpp"
#include "source/source.hpp"

namespace wallaroo::internal {

/// Only the thread that steps the executors fills and empties it.
template <class T>
struct RecordQueue {
  std::deque<T> records;
  /// How many records came before those. After a restore it is as it was at the checkpoint, so that
  /// the test can put later records in again.
  std::uint64_t delivered = 0;
};

template <class T>
class QueueReader final : public SourceReader {
 public:
  /// `position` counts the records that this executor was given.
  QueueReader(std::shared_ptr<RecordQueue<T>> queue, GeneratorPosition position,
              const ReaderContext& context)
      : queue_(std::move(queue)), position_(position), context_(context) {}

  // Only the first executor reads the queue. The others open no partition, so they hold nothing
  // back.
  void start() override {
    if (position_.partition == 0) {
      context_.receiver.open_partition(0);
    }
  }
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
    queue_->delivered += batch_.size();
    position_.next += batch_.size();
    context_.metrics.records.add(batch_.size());
    context_.receiver.receive(batch_);
    batch_.reset();
    return true;
  }
  void stop() override { stopped_ = true; }
  bool finished() const override { return stopped_ && queue_->records.empty(); }
  std::vector<SourcePosition> save(std::uint64_t) override { return {encode(position_)}; }

 private:
  std::shared_ptr<RecordQueue<T>> queue_;
  GeneratorPosition position_;
  ReaderContext context_;
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
  void restore(std::vector<SourcePosition> positions) override {
    queue_->delivered = restored_queue(positions);
    restored_ = queue_->delivered;
  }
  std::unique_ptr<SourceReader> reader(int index, int, const ReaderContext& context) override {
    GeneratorPosition position{.partition = static_cast<std::uint64_t>(index)};
    position.next = index == 0 ? restored_ : 0;
    return std::make_unique<QueueReader<T>>(queue_, position, context);
  }

 private:
  std::shared_ptr<RecordQueue<T>> queue_;
  std::uint64_t restored_ = 0;
};

}  // namespace wallaroo::internal
