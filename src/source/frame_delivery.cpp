#include "source/frame_delivery.hpp"

#include <utility>

namespace wallaroo::internal {

std::optional<std::string> FrameDelivery::deliver(ByteStream& stream, PollBudget& budget) {
  while (!stream.buffer.starved() && budget.batches > 0 && !context_.receiver.blocked()) {
    batch_.reset();
    Cut cut = stream.buffer.cut(framer_, batch_, context_.receiver.most_records());
    if (!batch_.frames.empty()) {
      --budget.batches;
      hand_over(stream);
    }
    if (cut.error) {
      return std::move(cut.error);
    }
  }
  return std::nullopt;
}

StreamEnd FrameDelivery::finish(ByteStream& stream) {
  batch_.reset();
  StreamEnd end = stream.buffer.finish(framer_, batch_);
  if (!batch_.frames.empty()) {
    hand_over(stream);
  }
  return end;
}

void FrameDelivery::hand_over(ByteStream& stream) {
  const std::size_t count = batch_.frames.size();
  batch_.origin = stream.origin;
  batch_.partition = stream.partition;
  batch_.first_position = stream.records;
  batch_.ingest_ns = stream.ingest_ns;
  stream.records += count;
  context_.metrics.records.add(count);
  context_.receiver.receive(batch_);
  // The block must be free for the next read as soon as nobody else holds it.
  batch_.reset();
}

}  // namespace wallaroo::internal
