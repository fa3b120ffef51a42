#include "worker/inbox.hpp"

#include "base/check.hpp"

namespace wallaroo::internal {

Inbox::Delivery Inbox::next() {
  for (std::size_t tried = 0; tried < slots_.size();) {
    Slot& slot = slots_[turn_];
    BatchPtr batch = slot.mailbox->pop();
    if (batch == nullptr) {
      turn_ = turn_ + 1 == slots_.size() ? 0 : turn_ + 1;
      ++tried;
      continue;
    }
    check(!slot.ended, "nothing follows the end of a stream");
    if (batch->kind == BatchKind::end_of_stream) {
      slot.ended = true;
      --open_;
      continue;
    }
    slot.metrics->batches.add();
    slot.metrics->records.add(batch->size());
    turn_ = turn_ + 1 == slots_.size() ? 0 : turn_ + 1;
    return {std::move(batch), slot.mailbox};
  }
  return {};
}

bool Inbox::has_mail() const {
  for (const Slot& slot : slots_) {
    if (slot.mailbox->has_mail()) {
      return true;
    }
  }
  return false;
}

}  // namespace wallaroo::internal
