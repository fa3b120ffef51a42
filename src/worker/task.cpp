#include "worker/task.hpp"

#include <exception>
#include <stdexcept>

#include <fmt/format.h>

#include <wallaroo/error.hpp>

namespace wallaroo::internal {

namespace {
// Small enough that an executor looks at its sockets and its other tasks every millisecond or so.
constexpr int batches_per_step = 4;
}  // namespace

bool SegmentOutput::advance() {
  bool moved = false;
  for (const auto& outlet : outlets_) {
    if (outlet->blocked()) {
      moved = outlet->retry() || moved;
    }
  }
  if (maybe_open_) {
    segment_->flush(false);
  }
  return moved;
}

void SegmentOutput::flush_everything() {
  if (maybe_open_) {
    segment_->flush(true);
    maybe_open_ = false;
  }
}

void SegmentOutput::end() {
  segment_->finish();
  segment_->flush(true);
  maybe_open_ = false;
  for (const auto& outlet : outlets_) {
    outlet->broadcast(BatchKind::end_of_stream);
  }
  ended_ = true;
}

bool SegmentOutput::blocked() const {
  for (const auto& outlet : outlets_) {
    if (outlet->blocked()) {
      return true;
    }
  }
  return false;
}

bool SegmentOutput::can_advance() const {
  for (const auto& outlet : outlets_) {
    if (outlet->can_retry()) {
      return true;
    }
  }
  return false;
}

void SegmentOutput::wait_for_room() {
  for (const auto& outlet : outlets_) {
    outlet->wait_for_room();
  }
}

// A generator is a user's function too; what it throws must name its source.
bool SourceTask::poll() {
  try {
    return connector_->poll();
  } catch (const Error&) {
    throw;
  } catch (const std::logic_error&) {
    throw;
  } catch (const std::exception& error) {
    throw StageError(fmt::format("source '{}' failed: {}", name_, error.what()));
  }
}

bool SourceTask::step() {
  bool progressed = output_.advance();
  if (output_.ended() || output_.blocked()) {
    return progressed;
  }
  progressed = poll() || progressed;
  if (connector_->finished()) {
    output_.end();
    return true;
  }
  output_.advance();
  return progressed;
}

void SourceTask::before_sleep() {
  output_.flush_everything();
  output_.wait_for_room();
}

bool SegmentTask::step() {
  bool progressed = output_.advance();
  if (output_.ended()) {
    return progressed;
  }
  for (int batches = 0; batches < batches_per_step && !output_.blocked(); ++batches) {
    Inbox::Delivery delivery = inbox_.next();
    if (delivery.batch == nullptr) {
      break;
    }
    output_.process(*delivery.batch);
    delivery.batch->reset();
    delivery.mailbox->recycle(std::move(delivery.batch));
    progressed = true;
  }
  if (inbox_.ended() && !output_.blocked()) {
    output_.end();
    return true;
  }
  output_.advance();
  return progressed;
}

void SegmentTask::before_sleep() {
  output_.flush_everything();
  output_.wait_for_room();
}

bool WriterTask::step() {
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
  if (inbox_.ended() && !finishing_) {
    finishing_ = true;
    writer_->finish();
    return true;
  }
  return progressed;
}

}  // namespace wallaroo::internal
