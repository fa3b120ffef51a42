#include "run/task/source_task.hpp"

#include <algorithm>
#include <exception>
#include <stdexcept>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "base/failpoint.hpp"
#include "run/with_failpoint.hpp"

namespace wallaroo::internal {

namespace {

constexpr FailpointGroup points("source");

}  // namespace

// A generator is a user's function too, so an error that it throws gets the name of its source.
bool SourceTask::poll() {
  poll_time_.begin();
  report_missed_time();
  // Batches that a flush has sent since the last poll do not count: they were taken meanwhile.
  (void)runner_.take_sent();
  try {
    const bool more = reader_->poll();
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

// Input that nobody read is no silence of its sender: the process was stopped, a queue was full, or
// state was loaded.
void SourceTask::report_missed_time() {
  const std::int64_t gap_ns = poll_time_.begun_ns() - polled_ns_;
  polled_ns_ = poll_time_.begun_ns();
  if (gap_ns > time_.longest_look_ns) [[unlikely]] {
    runner_.skip_time(gap_ns);
  }
}

void SourceTask::start() {
  runner_.keeper().load();
  reader_->start();
  if (time_.tick_ns != 0) {
    // A share without any partition is idle from the start, and the stages after it must know.
    runner_.announce();
  }
}

void SourceTask::receive(Batch& batch) {
  // A connection whose turn comes late may deliver input that it read before the others read
  // theirs.
  latest_ingest_ns_ = std::max(latest_ingest_ns_, batch.ingest_ns);
  if (time_.tick_ns != 0) {
    batch.ingest_ns = latest_ingest_ns_;
  }
  runner_.process(batch);
  poll_time_.delivered();
  // Consumers should take what was sent while it is in the cache, and before more piles up.
  if (runner_.take_sent()) {
    poll_time_.give_way();
  }
  if (time_.tick_ns != 0) {
    runner_.set_watermark({latest_ingest_ns_ + time_.wall_offset_ns, false});
  }
}

std::int64_t SourceTask::due_ns() const {
  const std::int64_t slice_due_ns = runner_.keeper().due_ns();
  if (suspended_ || runner_.ended() || (runner_.blocked() && !runner_.can_advance())) {
    return slice_due_ns;
  }
  const bool ticks = time_.tick_ns != 0 && !runner_.ending();
  return std::min({slice_due_ns, runner_.due_ns(), ticks ? next_tick_ns_ : end_of_time});
}

void SourceTask::on_time(std::int64_t now_ns) {
  if (suspended_ || runner_.ended()) {
    return;
  }
  // Under full load a queue that was full at the last turn has room again by now.
  runner_.advance();
  if (runner_.blocked()) {
    return;
  }
  note_overdue(now_ns);
  if (time_.tick_ns != 0 && next_tick_ns_ <= now_ns && !runner_.ending()) {
    next_tick_ns_ = now_ns + time_.tick_ns;
    // Input that was read and not delivered yet has an ingest time before `now_ns`.
    if (starved_) {
      latest_ingest_ns_ = now_ns;
      runner_.set_watermark({now_ns + time_.wall_offset_ns, false});
    }
  }
}

// Called before a poll. It only takes note, because the executor may have been woken by the very
// input that the partition was waited for.
void SourceTask::note_overdue(std::int64_t now_ns) {
  // By then the event loop has reported the input of that time: a busy executor asks it more often.
  constexpr std::int64_t event_loop_ns = 1'000'000;
  if (runner_.due_ns() > now_ns) {
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

// Called after a poll. A partition with records that wait to be read or delivered is not idle.
// Under full load some records always wait. But each poll serves one partition at least, in turn,
// so after as many polls as there are partitions, each of them that had records has delivered some.
void SourceTask::find_idle() {
  if (overdue_at_ns_ != end_of_time && (starved_ || polls_since_ > partitions_)) {
    runner_.on_time(starved_ ? noticed_ns_ : overdue_at_ns_);
    overdue_at_ns_ = end_of_time;
  }
}

void SourceTask::abandon_checkpoint(std::uint64_t number) {
  runner_.keeper().abandon(number);
  if (begin_ && begin_->number == number) {
    begin_.reset();
  }
}

std::vector<SourcePosition> SourceTask::save_positions(std::uint64_t number) {
  std::vector<SourcePosition> positions;
  with_failpoint(points, "position", [&] { positions = reader_->save(number); });
  return positions;
}

// A failure here loses the acknowledgement. That of the next checkpoint makes up for it.
void SourceTask::complete_checkpoint(std::uint64_t number) {
  runner_.keeper().complete(number);
  if (points.before("ack") == 0) {
    reader_->completed(number);
    (void)points.after("ack");
  }
}

// Before the last checkpoint everything that was read is delivered, because some sources cannot
// read it again.
bool SourceTask::serve_checkpoint() {
  if (!begin_ || runner_.blocked() || runner_.waiting()) {
    return false;
  }
  if (begin_->last && !runner_.ended() && !std::exchange(stopping_, true)) {
    ended_by_itself_ = reader_->finished();
    stop();
  }
  if (stopping_ && !suspended_ && !reader_->finished()) {
    return false;
  }
  const CheckpointBegin begin = *std::exchange(begin_, std::nullopt);
  const bool ended = share_.ended || runner_.ending() || ended_by_itself_;
  auto positions = save_positions(begin.number);
  runner_.pass_barrier({begin.number, begin.last}, begin.rewrite);
  if (mutation("replay_too_late") && !begin.last && poll()) {
    positions = reader_->save(begin.number);
  }
  share_.slot.port->save_positions(begin.number, share_.source, std::move(positions), ended);
  suspended_ = suspended_ || begin.last;
  return true;
}

bool SourceTask::step() {
  bool progressed = runner_.advance();
  progressed = runner_.keeper().step() || progressed;
  progressed = serve_checkpoint() || progressed;
  if (suspended_ || runner_.ended() || runner_.blocked()) {
    return progressed;
  }
  // A barrier has its turn before the next batch.
  const bool waited = runner_.waiting();
  progressed = runner_.fire() || progressed;
  if (waited || runner_.waiting()) {
    return progressed;
  }
  if (!runner_.ending() && may_read() && !gives_way()) {
    starved_ = !poll();
    ++polls_since_;
    find_idle();
    progressed = !starved_ || progressed;
  }
  if (reader_->finished() && !stopping_) {
    return runner_.end_input() || progressed;
  }
  runner_.advance();
  return progressed;
}

void SourceTask::before_sleep() {
  runner_.flush_everything();
  runner_.wait_for_room();
}

}  // namespace wallaroo::internal
