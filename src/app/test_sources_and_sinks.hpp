// Sources and sinks of bytes that a test harness puts in place of sockets and files.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "sink/writer.hpp"
#include "source/source.hpp"

namespace wallaroo::internal {

/// Frames that wait to be delivered.
struct FrameQueue {
  std::deque<std::string> frames;
  std::uint64_t delivered = 0;
};

class FrameQueueSource final : public Source {
 public:
  explicit FrameQueueSource(std::shared_ptr<FrameQueue> queue) : queue_(std::move(queue)) {}

  void open() override {}
  void set_address(const std::string&) override {}
  std::string address() const override { return "test"; }
  std::unique_ptr<SourceReader> reader(int index, int executors,
                                       const ReaderContext& context) override;

 private:
  std::shared_ptr<FrameQueue> queue_;
};

/// Keeps the encoded records in memory.
class CaptureSink final : public ByteSink {
 public:
  explicit CaptureSink(std::shared_ptr<std::vector<std::string>> records)
      : records_(std::move(records)) {}

  void open() override {}
  void set_address(const std::string&) override {}
  std::string address() const override { return "test"; }
  std::unique_ptr<SinkWriter> writer(const WriterContext& context) override;

 private:
  std::shared_ptr<std::vector<std::string>> records_;
};

}  // namespace wallaroo::internal
