#include "run/task/segment_task.hpp"

#include <algorithm>
#include <cstddef>

namespace wallaroo::internal {

void SegmentTask::start() {
  runner_.keeper().load();
  for (std::size_t producer = 0; producer < inbox_.producers(); ++producer) {
    runner_.open_partition(producer);
  }
}

// The longer something has been due, the more of it fires between two looks at the input. Otherwise
// windows would pile up where every record makes one due. The number of slices is bounded, because
// timers may be due without end. Where functions are slow, each slice is long enough.
bool SegmentTask::fire() {
  constexpr int most_slices = 1024;
  bool progressed = false;
  for (int slice = 0; slice <= unfinished_ && !told_to_stop() && runner_.fire(); ++slice) {
    progressed = true;
    if (runner_.unfinished()) {
      return true;
    }
  }
  if (!runner_.blocked()) {
    unfinished_ = runner_.fired() ? 0 : std::min(unfinished_ + 1, most_slices);
  }
  return progressed;
}

bool SegmentTask::take_batches() {
  bool progressed = false;
  for (int batches = 0;
       batches < batches_per_step && !runner_.blocked() && !runner_.waiting() && !gives_way();
       ++batches) {
    Inbox::Delivery delivery = inbox_.next();
    inbox_.take_ended([&](std::size_t producer) { runner_.end_partition(producer); });
    if (delivery.batch == nullptr) {
      break;
    }
    runner_.process(*delivery.batch);
    runner_.set_watermark(inbox_.watermark());
    delivery.batch->reset();
    delivery.mailbox->recycle(std::move(delivery.batch));
    progressed = true;
  }
  if (!runner_.ending()) {
    runner_.set_watermark(inbox_.watermark());
  }
  return progressed;
}

void SegmentTask::begin_checkpoint(const CheckpointBegin& begin) {
  rewrite_ = begin.rewrite;
  last_ = begin.last;
  inbox_.alignment().on_request(begin.number);
}

void SegmentTask::abandon_checkpoint(std::uint64_t number) {
  inbox_.alignment().on_abandon(number);
  runner_.keeper().abandon(number);
}

// The segment has processed the last record that belongs to the checkpoint, and no record that does
// not.
bool SegmentTask::meet_barrier() {
  const auto number = inbox_.aligned();
  if (!number || runner_.blocked() || runner_.waiting()) {
    return false;
  }
  // The barrier says whether it is the last, because it may come before the request. If all inputs
  // have ended there is no barrier, and the request says it.
  suspended_ = suspended_ || last_ || inbox_.last_barrier();
  runner_.pass_barrier({*number, suspended_}, std::exchange(rewrite_, {}));
  inbox_.alignment().take();
  return true;
}

bool SegmentTask::step() {
  bool progressed = runner_.advance();
  progressed = runner_.keeper().step() || progressed;
  if (runner_.ended()) {
    return meet_barrier() || progressed;
  }
  // Behind the last barrier nothing fires: it will after the restart.
  progressed = (!suspended_ && fire()) || progressed;
  progressed = take_batches() || progressed;
  progressed = meet_barrier() || progressed;
  if (!suspended_ && inbox_.ended() && runner_.end_input()) {
    return true;
  }
  runner_.advance();
  return progressed;
}

void SegmentTask::before_sleep() {
  runner_.flush_everything();
  runner_.wait_for_room();
}

}  // namespace wallaroo::internal
