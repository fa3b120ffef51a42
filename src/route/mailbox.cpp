#include "route/mailbox.hpp"

namespace wallaroo::internal {

Mailbox::~Mailbox() {
  const auto destroy = [](Batch* batch) { delete batch; };
  forward_.consume_all(destroy);
  backward_.consume_all(destroy);
}

bool Mailbox::try_push(BatchPtr& batch) {
  if (!forward_.push(batch.get())) {
    return false;
  }
  batch.release();
  if (producer_waits_.load(std::memory_order_relaxed)) {
    producer_waits_.store(false, std::memory_order_relaxed);
  }
  if (consumer_ != nullptr) {
    consumer_->ring();
  }
  return true;
}

BatchPtr Mailbox::recycled() {
  Batch* batch = nullptr;
  backward_.pop(batch);
  return BatchPtr(batch);
}

BatchPtr Mailbox::pop() {
  Batch* batch = nullptr;
  if (forward_.pop(batch) && producer_ != nullptr) {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    // Only the producer takes its request back: here a later one might be overwritten.
    if (producer_waits_.load(std::memory_order_relaxed) &&
        forward_.read_available() <= nearly_full) {
      producer_->ring();
    }
  }
  return BatchPtr(batch);
}

void Mailbox::recycle(BatchPtr batch) {
  if (backward_.push(batch.get())) {
    batch.release();
  }
}

}  // namespace wallaroo::internal
