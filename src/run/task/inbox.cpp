#include "run/task/inbox.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "base/failpoint.hpp"

namespace wallaroo::internal {

Inbox::Inbox(std::vector<Slot> slots)
    : slots_(std::move(slots)),
      open_(slots_.size()),
      alignment_(slots_.size()),
      aligns_(!mutation("skip_alignment")) {}

Inbox::Delivery Inbox::next() {
  for (std::size_t tried = 0; tried < slots_.size();) {
    Slot& slot = slots_[turn_];
    BatchPtr batch = aligns_ && alignment_.holds(turn_) ? nullptr : slot.mailbox->pop();
    if (batch == nullptr) {
      turn_ = turn_ + 1 == slots_.size() ? 0 : turn_ + 1;
      ++tried;
      continue;
    }
    check(!slot.ended, "nothing follows the end of a stream");
    if (batch->kind == BatchKind::end_of_stream) {
      slot.ended = true;
      newly_ended_.push_back(turn_);
      --open_;
      alignment_.on_end(turn_);
      update_watermark();
      continue;
    }
    take_watermark(slot, batch->watermark);
    if (batch->kind == BatchKind::barrier) {
      const Barrier& barrier = static_cast<const ControlBatch&>(*batch).barrier;
      last_barrier_ = last_barrier_ || barrier.last;
      alignment_.on_barrier(turn_, barrier.checkpoint);
      continue;
    }
    slot.metrics->batches.add();
    slot.metrics->records.add(batch->size());
    slot.metrics->bytes.add(batch->memory_bytes());
    batch->partition = turn_;
    turn_ = turn_ + 1 == slots_.size() ? 0 : turn_ + 1;
    return {std::move(batch), slot.mailbox};
  }
  return {};
}

void Inbox::take_watermark(Slot& slot, Watermark watermark) {
  // A producer whose watermark is the end of time is about to end. It is left out, or idle
  // producers would look finished.
  if (watermark.time_ns == end_of_time) {
    if (!std::exchange(slot.ending, true)) {
      update_watermark();
    }
  } else if (slot.watermark != watermark) {
    slot.watermark = watermark;
    update_watermark();
  }
}

void Inbox::update_watermark() {
  std::int64_t least = end_of_time;
  std::int64_t furthest = no_time;
  bool all_idle = true;
  for (const Slot& slot : slots_) {
    furthest = std::max(furthest, slot.watermark.time_ns);
    if (!slot.ended && !slot.ending && !slot.watermark.idle) {
      least = std::min(least, slot.watermark.time_ns);
      all_idle = false;
    }
  }
  watermark_.idle = all_idle;
  watermark_.time_ns = std::max(watermark_.time_ns, all_idle ? furthest : least);
}

bool Inbox::has_mail() const {
  for (std::size_t producer = 0; producer < slots_.size(); ++producer) {
    if (!(aligns_ && alignment_.holds(producer)) && slots_[producer].mailbox->has_mail()) {
      return true;
    }
  }
  return alignment_.aligned().has_value();
}

}  // namespace wallaroo::internal
