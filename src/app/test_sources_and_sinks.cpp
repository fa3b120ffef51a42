#include "app/test_sources_and_sinks.hpp"

#include <utility>

namespace wallaroo::internal {

namespace {

class PinnedFrame final : public Pinned {
 public:
  explicit PinnedFrame(std::string bytes) : bytes_(std::move(bytes)) {}
  std::string_view bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

class FrameQueueReader final : public SourceReader {
 public:
  FrameQueueReader(std::shared_ptr<FrameQueue> queue, int index, const ReaderContext& context)
      : queue_(std::move(queue)), index_(index), context_(context) {}

  // Only the first executor reads frames. The others open no partition and hold no watermark back.
  void start() override {
    if (index_ == 0) {
      context_.receiver.open_partition(0);
    }
  }
  bool poll() override {
    if (queue_->frames.empty()) {
      return false;
    }
    auto* frame = new PinnedFrame(std::move(queue_->frames.front()));
    batch_.pins.emplace_back(frame);
    queue_->frames.pop_front();
    batch_.frames.push_back(frame->bytes());
    batch_.origin = "test";
    batch_.first_position = queue_->delivered++;
    batch_.ingest_ns = context_.clock.now_ns();
    context_.metrics.records.add();
    context_.metrics.bytes.add(frame->bytes().size());
    context_.receiver.receive(batch_);
    batch_.reset();
    return true;
  }
  void stop() override { stopped_ = true; }
  bool finished() const override { return stopped_ && queue_->frames.empty(); }

 private:
  std::shared_ptr<FrameQueue> queue_;
  int index_;
  ReaderContext context_;
  FrameBatch batch_;
  bool stopped_ = false;
};

class CaptureWriter final : public SinkWriter {
 public:
  CaptureWriter(std::shared_ptr<std::vector<std::string>> records, const WriterContext& context)
      : SinkWriter(context), records_(std::move(records)), context_(context) {}

  void start() override {}
  bool can_accept() const override { return true; }
  void write(ByteBatch& batch) override {
    std::size_t begin = 0;
    for (const std::size_t end : batch.ends) {
      records_->push_back(batch.bytes.substr(begin, end - begin));
      begin = end;
    }
    context_.metrics.records.add(batch.ends.size());
    context_.metrics.bytes.add(batch.bytes.size());
    context_.metrics.latency.record(context_.clock.now_ns() - batch.ingest_ns, batch.ends.size());
  }
  void flush() override {}
  void drain() override {}
  void finish() override { finished_ = true; }
  bool finished() const override { return finished_; }

 private:
  std::shared_ptr<std::vector<std::string>> records_;
  WriterContext context_;
  bool finished_ = false;
};

}  // namespace

std::unique_ptr<SourceReader> FrameQueueSource::reader(int index, int,
                                                       const ReaderContext& context) {
  return std::make_unique<FrameQueueReader>(queue_, index, context);
}

std::unique_ptr<SinkWriter> CaptureSink::writer(const WriterContext& context) {
  return std::make_unique<CaptureWriter>(records_, context);
}

}  // namespace wallaroo::internal
