#include "run/task/task.hpp"

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "base/check.hpp"
#include "base/failpoint.hpp"
#include "run/with_failpoint.hpp"

namespace wallaroo::internal {

namespace {
// Small enough that an executor looks at its sockets and its other tasks every millisecond or so.
constexpr int batches_per_step = 4;

constexpr FailpointGroup points("source");
}  // namespace

// A generator is a user's function too; what it throws must name its source.
bool SourceTask::poll() {
  poll_time_.begin();
  look();
  (void)output_.take_sent();  // by a flush since the last poll, and taken by now
  try {
    const bool more = connector_->poll();
    poll_time_.end();
    return more;
  } catch (const Error&) {
    throw;
  } catch (const std::logic_error&) {
    throw;
  } catch (const std::exception& error) {
    throw StageError(fmt::format("source '{}' failed: {}", share_.name, error.what()));
  }
}

// What waits to be read says nothing while nobody reads it: the process was stopped, a queue was
// full, state was loaded.
void SourceTask::look() {
  const std::int64_t gap_ns = poll_time_.begun_ns() - looked_ns_;
  looked_ns_ = poll_time_.begun_ns();
  if (gap_ns > time_.longest_look_ns) [[unlikely]] {
    output_.skip_time(gap_ns);
  }
}

void SourceTask::start() {
  output_.keeper().load();
  connector_->start();
  if (time_.tick_ns != 0) {
    // A share of a source without any partition is idle from the start, and must say so.
    output_.announce();
  }
}

void SourceTask::receive(Batch& batch) {
  // A connection whose turn comes late delivers what it read before the others did.
  latest_ingest_ns_ = std::max(latest_ingest_ns_, batch.ingest_ns);
  if (time_.tick_ns != 0) {
    batch.ingest_ns = latest_ingest_ns_;
  }
  output_.process(batch);
  poll_time_.delivered();
  // What it sent is best taken while it is in the cache, and before more of it piles up.
  if (output_.take_sent()) {
    poll_time_.give_way();
  }
  if (time_.tick_ns != 0) {
    output_.set_watermark({latest_ingest_ns_ + time_.wall_offset_ns, false});
  }
}

std::int64_t SourceTask::due_ns() const {
  if (suspended_ || output_.ended() || (output_.blocked() && !output_.can_advance())) {
    return end_of_time;
  }
  const bool ticks = time_.tick_ns != 0 && !output_.ending();
  return std::min(output_.due_ns(), ticks ? next_tick_ns_ : end_of_time);
}

void SourceTask::on_time(std::int64_t now_ns) {
  // Under full load the queue that was full at the last turn has room again by now.
  output_.advance();
  if (output_.blocked()) {
    return;
  }
  note_overdue(now_ns);
  if (time_.tick_ns != 0 && next_tick_ns_ <= now_ns && !output_.ending()) {
    next_tick_ns_ = now_ns + time_.tick_ns;
    // What was read and not delivered yet would be older than the news.
    if (starved_) {
      latest_ingest_ns_ = now_ns;
      output_.set_watermark({now_ns + time_.wall_offset_ns, false});
    }
  }
}

// Before a poll, and only noticed: what woke the executor up may be what it waited for.
void SourceTask::note_overdue(std::int64_t now_ns) {
  // Until the event loop has told what it knew then: a busy executor asks it more often than that.
  constexpr std::int64_t event_loop_ns = 1'000'000;
  if (output_.due_ns() > now_ns) {
    return;
  }
  noticed_ns_ = now_ns;
  if (overdue_at_ns_ == end_of_time) {
    overdue_at_ns_ = now_ns;
  }
  if (now_ns - overdue_at_ns_ <= event_loop_ns) {
    polls_since_ = 0;
  }
}

// After a poll. A partition whose records wait to be read, or read ones to be delivered, is not
// idle. Under full load something always waits; but each poll serves one partition at least, in
// turn, so that after some of them those that had something have given it.
void SourceTask::find_idle() {
  if (overdue_at_ns_ != end_of_time && (starved_ || polls_since_ > partitions_)) {
    output_.on_time(starved_ ? noticed_ns_ : overdue_at_ns_);
    overdue_at_ns_ = end_of_time;
  }
}

void SourceTask::abandon_checkpoint(std::uint64_t number) {
  output_.keeper().abandon(number);
  if (begin_ && begin_->number == number) {
    begin_.reset();
  }
}

std::vector<SourcePosition> SourceTask::save_positions(std::uint64_t number) {
  std::vector<SourcePosition> positions;
  with_failpoint(points, "position", [&] { positions = connector_->save(number); });
  return positions;
}

// An error in front of it is news that is lost: the next checkpoint's make up for it.
void SourceTask::complete_checkpoint(std::uint64_t number) {
  output_.keeper().complete(number);
  if (points.before("ack") == 0) {
    connector_->completed(number);
    (void)points.after("ack");
  }
}

// For the last checkpoint what was read is delivered first: some sources cannot read it again.
bool SourceTask::serve_checkpoint() {
  if (!begin_ || output_.blocked() || output_.waiting()) {
    return false;
  }
  if (begin_->last && !output_.ended() && !std::exchange(stopping_, true)) {
    ended_by_itself_ = connector_->finished();
    connector_->stop();
  }
  if (stopping_ && !suspended_ && !connector_->finished()) {
    return false;
  }
  const CheckpointBegin begin = *std::exchange(begin_, std::nullopt);
  const bool ended = share_.ended || output_.ending() || ended_by_itself_;
  auto positions = save_positions(begin.number);
  output_.pass_barrier({begin.number, begin.last}, begin.rewrite);
  if (mutation("replay_too_late") && !begin.last && poll()) {
    positions = connector_->save(begin.number);
  }
  share_.slot.port->save_positions(begin.number, share_.source, std::move(positions), ended);
  suspended_ = suspended_ || begin.last;
  return true;
}

bool SourceTask::step() {
  bool progressed = output_.advance();
  progressed = output_.keeper().step() || progressed;
  progressed = serve_checkpoint() || progressed;
  if (suspended_ || output_.ended() || output_.blocked()) {
    return progressed;
  }
  progressed = output_.fire() || progressed;
  if (output_.waiting()) {
    return progressed;
  }
  if (!output_.ending()) {
    starved_ = !poll();
    ++polls_since_;
    find_idle();
    progressed = !starved_ || progressed;
  }
  if (connector_->finished() && !stopping_) {
    return output_.end_input() || progressed;
  }
  output_.advance();
  return progressed;
}

void SourceTask::before_sleep() {
  output_.flush_everything();
  output_.wait_for_room();
}

void SegmentTask::start() {
  output_.keeper().load();
  for (std::size_t producer = 0; producer < inbox_.producers(); ++producer) {
    output_.open_partition(producer);
  }
}

// The longer something has been due, the more of it fires between two looks at the input: when
// every record makes a window due, they would pile up otherwise. But timers may be due without end.
bool SegmentTask::fire() {
  constexpr int most_slices = 1024;
  bool progressed = false;
  for (int slice = 0; slice <= unfinished_ && !told_to_stop() && output_.fire(); ++slice) {
    progressed = true;
  }
  if (!output_.blocked()) {
    unfinished_ = output_.fired() ? 0 : std::min(unfinished_ + 1, most_slices);
  }
  return progressed;
}

bool SegmentTask::take_batches() {
  bool progressed = false;
  for (int batches = 0;
       batches < batches_per_step && !output_.blocked() && !output_.waiting(); ++batches) {
    Inbox::Delivery delivery = inbox_.next();
    inbox_.take_ended([&](std::size_t producer) { output_.end_partition(producer); });
    if (delivery.batch == nullptr) {
      break;
    }
    output_.process(*delivery.batch);
    output_.set_watermark(inbox_.watermark());
    delivery.batch->reset();
    delivery.mailbox->recycle(std::move(delivery.batch));
    progressed = true;
  }
  if (!output_.ending()) {
    output_.set_watermark(inbox_.watermark());
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
  output_.keeper().abandon(number);
}

// After the last record that belongs to the checkpoint, and before the first that does not.
bool SegmentTask::meet_barrier() {
  const auto number = inbox_.aligned();
  if (!number || output_.blocked() || output_.waiting()) {
    return false;
  }
  // Told by the barrier, which may come before the request; with all inputs ended by the request.
  suspended_ = suspended_ || last_ || inbox_.last_barrier();
  output_.pass_barrier({*number, suspended_}, std::exchange(rewrite_, {}));
  inbox_.alignment().take();
  return true;
}

bool SegmentTask::step() {
  bool progressed = output_.advance();
  progressed = output_.keeper().step() || progressed;
  if (output_.ended()) {
    return meet_barrier() || progressed;
  }
  // Behind the last barrier nothing happens any more: it will after the restart.
  progressed = (!suspended_ && fire()) || progressed;
  progressed = take_batches() || progressed;
  progressed = meet_barrier() || progressed;
  if (!suspended_ && inbox_.ended() && output_.end_input()) {
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
  if (const auto number = inbox_.aligned()) {
    // That the one before has failed may still be on its way here.
    if (barrier_ != 0) {
      writer_->abandon(barrier_);
    }
    barrier_ = *number;
    writer_->barrier(*number);
    inbox_.alignment().take();
    reported_ = false;
    progressed = true;
  }
  if (barrier_ != 0 && !reported_ && writer_->passed_barrier()) {
    reported_ = true;
    slot_.port->task_saved(barrier_, slot_.task);
    progressed = true;
  }
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
