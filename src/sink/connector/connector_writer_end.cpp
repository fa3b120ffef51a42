// How a connector sink comes to its end: what it waits for, and when it gives its receiver up.
#include "sink/connector/connector_writer.hpp"

#include <utility>

#include <fmt/format.h>

namespace wallaroo::internal {

bool ConnectorWriter::is_done() const {
  const bool settled =
      context_.transactions == nullptr || (session_.all_committed() && session_.confirmed());
  return finishing_ && settled && output_.empty() && !connection_.control_pending();
}

void ConnectorWriter::close_when_done() {
  if (state_ != State::running || !is_done()) {
    return;
  }
  if (!session_.ready()) {
    become_closed();
    return;
  }
  state_ = State::closing;
  was_closing_ = true;
  deadline_.progress();
  connection_.end_output();
}

void ConnectorWriter::on_ending(int left) {
  if (left == 0) {
    become_closed();
  } else {
    deadline_.progress();
  }
}

bool ConnectorWriter::waits_for_receiver() const {
  if (state_ == State::closing) {
    return true;
  }
  if (context_.transactions != nullptr && !draining_ && !was_closing_) {
    return false;
  }
  const bool unconfirmed = finishing_ && session_.all_committed() && !session_.confirmed();
  return state_ == State::running && (output_.sendable() != 0 || connection_.control_pending() ||
                                      session_.awaits_receiver() || unconfirmed);
}

void ConnectorWriter::give_up() {
  const std::size_t bytes = output_.bytes();
  const std::string problem = fmt::format(
      "did not answer for {} ms while the application was "
      "stopping",
      options_.drain_timeout.count());
  if (state_ == State::closing ||
      (context_.transactions != nullptr && bytes == 0 && session_.all_committed())) {
    context_.log.warning(
        "{}: {} {}; it is not known whether it has read the last bytes that it was sent", sink_,
        receiver_, problem);
    become_closed();
    return;
  }
  const std::uint64_t records = output_.discard();
  context_.metrics.records_lost.add(records);
  disconnect();
  state_ = State::given_up;
  context_.log.error("{}: gave up {} records ({} bytes) and all that follow: {} {}", sink_, records,
                     bytes, receiver_, problem);
  if (context_.transactions != nullptr) {
    apply(session_.give_up(problem));
  }
  if (finishing_) {
    become_closed();
  }
}

void ConnectorWriter::stop_timer() {
  if (timer_) {
    context_.loop.cancel(*timer_);
    timer_.reset();
  }
}

void ConnectorWriter::disconnect() {
  connection_.close();
  deadline_.cancel();
  stop_timer();
  context_.metrics.connected.set(0);
}

void ConnectorWriter::become_closed() {
  disconnect();
  state_ = State::closed;
}

}  // namespace wallaroo::internal
