#include "link/channels/remote_input.hpp"

#include <utility>

namespace wallaroo::internal::link {

BatchPtr RemoteInput::decode(BatchPtr arrived) {
  if (arrived->kind != BatchKind::data) {
    if (arrived->kind == BatchKind::end_of_stream) {
      count(frame_cost);
    }
    return arrived;
  }
  auto& wire = static_cast<WireBatch&>(*arrived);
  BatchPtr batch = spare_ != nullptr ? std::move(spare_) : codec_.make_batch();
  const std::string_view records = read_data(wire.frame).records;
  if (wire.size() != 0 || !records.empty()) {
    codec_.decode({records, wire.size(), wire.frame.body}, *batch);
  }
  batch->ingest_ns = wire.ingest_ns;
  batch->watermark = wire.watermark;
  count(wire.cost());
  return batch;
}

void RemoteInput::recycle(BatchPtr batch) {
  batch->reset();
  spare_ = std::move(batch);
}

/// The reader is woken when there is something to tell the producer, not for each batch.
void RemoteInput::count(std::uint64_t cost) {
  consumed_.store(consumed_.load(std::memory_order_relaxed) + cost, std::memory_order_release);
  since_ring_ += cost;
  if (reader_ != nullptr && (since_ring_ >= own_credit / 4 || !mailbox_.has_mail())) {
    since_ring_ = 0;
    reader_->ring();
  }
}

}  // namespace wallaroo::internal::link
