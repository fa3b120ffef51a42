#include "source/connector/connector_source_delivery.hpp"

namespace wallaroo::internal {

void MessageDelivery::add(StreamFeed& feed, std::string_view payload) {
  if (feed.batch == StreamFeed::no_batch) {
    if (used_ == open_.size()) {
      open_.emplace_back();
    }
    feed.batch = used_++;
    open_[feed.batch].feed = &feed;
  }
  open_[feed.batch].batch->frames.push_back(payload);
}

void MessageDelivery::hand_over(const std::vector<PinnedRef>& pins, std::int64_t ingest_ns) {
  for (std::size_t i = 0; i < used_; ++i) {
    FrameBatch& batch = *open_[i].batch;
    StreamFeed& feed = *open_[i].feed;
    const std::size_t count = batch.frames.size();
    batch.pins = pins;
    batch.origin = feed.origin;
    batch.partition = feed.partition;
    batch.first_position = feed.records;
    batch.ingest_ns = ingest_ns;
    feed.records += count;
    feed.batch = StreamFeed::no_batch;
    context_.metrics.records.add(count);
    context_.receiver.receive(batch);
    batch.reset();
  }
  used_ = 0;
}

}  // namespace wallaroo::internal
