#include "sink/connector/connector_writer.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "base/failpoint.hpp"

namespace wallaroo::internal {

namespace {

constexpr FailpointGroup points("sink.connector");
/// A receiver that accepts a connection and says nothing for this long is connected anew.
constexpr std::chrono::seconds greeting_timeout{10};

}  // namespace

ConnectorWriter::ConnectorWriter(const ConnectorSession::Settings& settings,
                                 const HostPort& address, const ConnectorSinkOptions& options,
                                 const WriterContext& context)
    : SinkWriter(context),
      sink_(settings.sink),
      receiver_(settings.receiver),
      options_(options),
      context_(context),
      session_(settings),
      output_(context.clock, context.metrics, settings.offset),
      connection_(
          address, options, context.loop, context.clock,
          {.connected = [this] { on_connected(); },
           .dial_failed =
               [this](const std::string& reason) {
                 tell_absence(fmt::format("cannot connect to {}: {}", receiver_, reason));
               },
           .received = [this](const auto& frame) { on_received(frame); },
           .malformed = [this](const std::string& reason) { on_malformed(reason); },
           .lost = [this](const std::string& reason, bool orderly) { on_lost(reason, orderly); },
           .writable = [this] { pump(); },
           .ending = [this](int left) { on_ending(left); }}),
      deadline_(
          context.loop, context.clock, options.drain_timeout,
          {.waiting = [this] { return waits_for_receiver(); }, .give_up = [this] { give_up(); }}),
      send_bytes_(std::min(OutputQueue::coalesced_bytes, options.max_buffer_bytes)) {}

// From the engine.

bool ConnectorWriter::can_accept() const {
  return state_ == State::given_up ||
         (!session_.rolled_back() && output_.bytes() < options_.max_buffer_bytes);
}

void ConnectorWriter::write(ByteBatch& batch) {
  if (state_ == State::given_up) {
    context_.metrics.records_lost.add(batch.size());
    batch.clear();
    return;
  }
  if (output_.empty()) {
    deadline_.progress();
  }
  output_.push(batch);
  if (output_.bytes() >= send_bytes_) {
    pump();
  }
}

void ConnectorWriter::drain() {
  if (!std::exchange(draining_, true)) {
    deadline_.begin();
    deadline_.progress();
  }
}

void ConnectorWriter::finish() {
  if (std::exchange(finishing_, true)) {
    return;
  }
  deadline_.begin();
  deadline_.progress();
  if (state_ == State::given_up) {
    become_closed();
  } else {
    pump();
  }
}

void ConnectorWriter::barrier(std::uint64_t number) {
  if (state_ == State::closing || state_ == State::closed) {
    past_checkpoint_ = number;
    return;
  }
  session_.barrier(number, output_.offset());
  output_.hold();
}

void ConnectorWriter::abandon(std::uint64_t number) {
  if (!is_past(number)) {
    session_.abandon(number);
    output_.release();
    pump();
  }
}

void ConnectorWriter::prepare(std::uint64_t number) {
  if (is_past(number)) {
    // Nothing was written since the last commit, so the vote is only the end of the output.
    listener().prepared(number, session_.vote(output_.offset()));
    return;
  }
  deadline_.progress();
  session_.prepare(number);
  pump();
}

void ConnectorWriter::commit(std::uint64_t number) {
  if (is_past(number)) {
    listener().committed(number);
    return;
  }
  deadline_.progress();
  apply(session_.commit(number), "commit");
  pump();
}

// From the connection.

void ConnectorWriter::on_connected() {
  timer_ = context_.loop.after(greeting_timeout, [this] {
    timer_.reset();
    connection_.fail("it said nothing for too long");
  });
  apply(session_.connected(output_.untaken_offset()));
  pump();
}

void ConnectorWriter::on_received(const connector_protocol::Frame& frame) {
  if (state_ == State::closing) {
    return;
  }
  deadline_.progress();
  apply(session_.received(frame), "recover");
  note_ready();
  pump();
}

void ConnectorWriter::on_malformed(const std::string& reason) {
  if (state_ == State::closing) {
    connection_.fail(reason);
  } else {
    apply(session_.malformed(reason));
  }
}

void ConnectorWriter::on_lost(const std::string& reason, bool orderly) {
  if (state_ == State::closing) {
    stop_timer();
    if (!orderly) {
      context_.log.warning("{}: {} ended the connection before it had read everything: {}", sink_,
                           receiver_, reason);
    }
    if (orderly || context_.transactions == nullptr) {
      become_closed();
      return;
    }
    state_ = State::running;
    deadline_.progress();
  }
  apply(session_.closed(reason));
}

void ConnectorWriter::note_ready() {
  if (!session_.ready() || std::exchange(known_ready_, true)) {
    return;
  }
  stop_timer();
  absence_.clear();
  context_.metrics.connected.set(1);
  context_.metrics.reconnects.add(std::exchange(was_ready_, true) ? 1 : 0);
  context_.log.info("{}: connected to {}", sink_, receiver_);
}

/// Logs each kind of trouble once until the receiver is there again, however often it is tried.
void ConnectorWriter::tell_absence(const std::string& problem) {
  if (absence_ != problem) {
    absence_ = problem;
    context_.log.warning("{}: {}; trying again with backoff; the pipeline waits", sink_, problem);
  }
}

// From the session.

void ConnectorWriter::apply(const ConnectorSession::Actions& actions, std::string_view step) {
  for (const auto& action : actions) {
    std::visit([&](const auto& each) { perform(each, step); }, action);
  }
}

void ConnectorWriter::perform(const ConnectorSession::Send& send, std::string_view step) {
  if (const int error = step.empty() ? 0 : points.before(step); error != 0) {
    connection_.fail(error_text(error));
    return;
  }
  step_ = step;
  connection_.queue_control(send.bytes);
}

void ConnectorWriter::perform(const ConnectorSession::Disconnect& disconnect, std::string_view) {
  if (connection_.control_pending() && !output_.may_be_torn()) {
    (void)connection_.send_control();
  }
  stop_timer();
  connection_.close();
  output_.restore_torn_record();
  known_ready_ = false;
  context_.metrics.connected.set(0);
  if (session_.rolled_back()) {
    return;
  }
  tell_absence(fmt::format("{}: {}", receiver_, disconnect.reason));
  if (is_done()) {
    become_closed();
  } else {
    connection_.dial_later();
  }
}

void ConnectorWriter::perform(const ConnectorSession::Prepared& prepared, std::string_view) {
  const int before = points.before("vote");
  listener().prepared(prepared.checkpoint, prepared.vote);
  const int after = points.after("vote");
  if (before != 0 || after != 0) {
    connection_.fail(error_text(before != 0 ? before : after));
  }
}

void ConnectorWriter::perform(const ConnectorSession::Committed& committed, std::string_view) {
  output_.release();
  listener().committed(committed.checkpoint);
}

void ConnectorWriter::perform(const ConnectorSession::RollBack& roll_back, std::string_view) {
  disconnect();
  listener().roll_back(roll_back.reason);
}

void ConnectorWriter::perform(const ConnectorSession::Warn& warn, std::string_view) {
  context_.log.warning("{}: {}: {}", sink_, receiver_, warn.text);
}

// Sending.

/// Sends whatever can be sent now. May be called from within itself, by way of the listener.
void ConnectorWriter::pump() {
  if (std::exchange(pumping_, true)) {
    return;
  }
  while (send_next()) {
  }
  pumping_ = false;
  close_when_done();
}

bool ConnectorWriter::send_next() {
  if (state_ != State::running || !connection_.is_open()) {
    return false;
  }
  if (connection_.control_pending()) {
    return send_control();
  }
  if (!session_.ready()) {
    return false;
  }
  if (output_.sendable() != 0) {
    return send_data();
  }
  if (session_.preparing()) {
    apply(session_.drained(), "prepare");
    return true;
  }
  return false;
}

bool ConnectorWriter::send_control() {
  if (!connection_.send_control()) {
    return false;
  }
  deadline_.progress();
  if (!connection_.control_pending()) {
    const std::string step = std::exchange(step_, {});
    if (const int error = step.empty() ? 0 : points.after(step); error != 0) {
      connection_.fail(error_text(error));
      return false;
    }
    apply(session_.control_sent());
  }
  return true;
}

bool ConnectorWriter::send_data() {
  if (const int error = points.before("send"); error != 0) {
    connection_.fail(error_text(error));
    return false;
  }
  const std::size_t before = output_.bytes();
  const bool sent = connection_.send_data(output_);
  if (output_.bytes() != before) {
    session_.data_sent();
    deadline_.progress();
  }
  if (const int error = sent ? points.after("send") : 0; error != 0) {
    connection_.fail(error_text(error));
    return false;
  }
  return sent;
}

}  // namespace wallaroo::internal
