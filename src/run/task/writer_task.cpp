#include "run/task/writer_task.hpp"

namespace wallaroo::internal {

bool WriterTask::take_batches() {
  bool progressed = false;
  for (int batches = 0; batches < batches_per_step && writer_->can_accept(); ++batches) {
    Inbox::Delivery delivery = inbox_.next();
    if (delivery.batch == nullptr) {
      break;
    }
    writer_->write(static_cast<ByteBatch&>(*delivery.batch));
    delivery.batch->reset();
    delivery.mailbox->recycle(std::move(delivery.batch));
    progressed = true;
  }
  if (progressed && !inbox_.has_mail()) {
    writer_->flush();
  }
  return progressed;
}

bool WriterTask::meet_barrier() {
  const auto number = inbox_.aligned();
  if (!number) {
    return false;
  }
  // The message that the checkpoint before has failed may still be on its way here.
  if (barrier_ != 0) {
    writer_->abandon(barrier_);
  }
  barrier_ = *number;
  writer_->barrier(*number);
  inbox_.alignment().take();
  reported_ = false;
  return true;
}

bool WriterTask::report_barrier() {
  if (barrier_ == 0 || reported_ || !writer_->passed_barrier()) {
    return false;
  }
  reported_ = true;
  slot_.port->task_saved(barrier_, slot_.task);
  return true;
}

bool WriterTask::step() {
  bool progressed = take_batches();
  progressed = meet_barrier() || progressed;
  progressed = report_barrier() || progressed;
  if (inbox_.ended() && !finishing_) {
    finishing_ = true;
    writer_->finish();
    return true;
  }
  return progressed;
}

void WriterTask::begin_checkpoint(const CheckpointBegin& begin) {
  inbox_.alignment().on_request(begin.number);
}

void WriterTask::abandon_checkpoint(std::uint64_t number) {
  inbox_.alignment().on_abandon(number);
  if (barrier_ == number) {
    barrier_ = 0;
    writer_->abandon(number);
  }
}

void WriterTask::suspend() {
  suspended_ = true;
  if (!std::exchange(finishing_, true)) {
    writer_->finish();
  }
}

}  // namespace wallaroo::internal
