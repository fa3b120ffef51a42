#include "sink/connector/connector_connection.hpp"

#include <array>
#include <random>
#include <utility>

#include <sys/epoll.h>
#include <sys/socket.h>

#include "sink/peer_socket.hpp"

namespace wallaroo::internal {

namespace {

constexpr std::size_t max_parts = 16;
/// The limit for frames of the receiver; the longest is a list of transactions.
constexpr std::size_t max_frame_bytes = 1 << 20;
constexpr std::size_t receive_bytes = 16 * 1024;
constexpr std::chrono::milliseconds acknowledgement_poll{5};

}  // namespace

ConnectorConnection::ConnectorConnection(const HostPort& address,
                                         const ConnectorSinkOptions& options, EventLoop& loop,
                                         const Clock& clock, Callbacks callbacks)
    : loop_(loop),
      clock_(clock),
      callbacks_(std::move(callbacks)),
      reliable_after_(options.max_backoff),
      dialer_(address, loop,
              Backoff(options.first_backoff, options.max_backoff, std::random_device{}()),
              {.connected = [this](FileDescriptor socket) { on_connected(std::move(socket)); },
               .failed = [this](const std::string& reason) { callbacks_.dial_failed(reason); }}) {}

void ConnectorConnection::on_connected(FileDescriptor socket) {
  socket_ = std::move(socket);
  writable_ = true;
  connected_ns_ = clock_.now_ns();
  loop_.watch(socket_.get(), *this);
  callbacks_.connected();
}

void ConnectorConnection::dial_later() {
  // A receiver that accepts and closes at once must not be dialled at full speed.
  if (std::chrono::nanoseconds(clock_.now_ns() - connected_ns_) >= reliable_after_) {
    dialer_.reset_delay();
  }
  dialer_.dial_later();
}

void ConnectorConnection::queue_control(std::string_view bytes) {
  if (is_open()) {
    control_ += bytes;
  }
}

bool ConnectorConnection::send_control() {
  if (!writable_ || !is_open()) {
    return false;
  }
  const IoResult result = send_some(socket_.get(), control_);
  control_.erase(0, result.bytes);
  return sent(result);
}

bool ConnectorConnection::send_data(ConnectorOutput& output) {
  if (!writable_ || !is_open()) {
    return false;
  }
  std::array<iovec, max_parts> parts;
  const std::size_t count = output.gather(parts);
  const IoResult result = send_parts(socket_.get(), std::span(parts).first(count));
  output.taken(result.bytes);
  return sent(result);
}

bool ConnectorConnection::sent(const IoResult& result) {
  if (result.would_block()) {
    writable_ = false;
  } else if (result.error != 0) {
    // The receiver may have sent an error before it went, which tells more than the errno.
    receive();
    lose(error_text(result.error), false);
  }
  return result.error == 0;
}

void ConnectorConnection::on_ready(std::uint32_t events) {
  receive();
  if (is_open() && (events & EPOLLOUT) != 0) {
    writable_ = true;
    callbacks_.writable();
  }
}

void ConnectorConnection::receive() {
  std::array<char, receive_bytes> bytes;
  while (is_open()) {
    const IoResult received = receive_some(socket_.get(), bytes.data(), bytes.size());
    if (received.would_block()) {
      return;
    }
    if (received.bytes == 0) {
      const bool orderly = received.error == 0 && unacknowledged_bytes(socket_.get()) <= 1;
      lose(received.error == 0 ? "the receiver closed it" : error_text(received.error), orderly);
      return;
    }
    // Frames point into the bytes, and the callback that gets one may close the connection.
    std::string input = std::exchange(input_, {});
    input.append(bytes.data(), received.bytes);
    const std::size_t done = deliver_frames(input);
    if (is_open()) {
      input.erase(0, done);
      input_ = std::move(input);
    }
  }
}

std::size_t ConnectorConnection::deliver_frames(std::string_view bytes) {
  std::size_t done = 0;
  try {
    while (is_open()) {
      const auto body = connector_protocol::first_frame(bytes.substr(done), max_frame_bytes);
      if (!body) {
        break;
      }
      done += connector_protocol::length_bytes + body->size();
      callbacks_.received(connector_protocol::decode(*body));
    }
  } catch (const connector_protocol::ProtocolError& error) {
    callbacks_.malformed(error.what());
  }
  return done;
}

void ConnectorConnection::end_output() {
  (void)::shutdown(socket_.get(), SHUT_WR);
  unacknowledged_ = -1;
  check_acknowledged();
}

/// There is no event for an acknowledgement, hence the timer.
void ConnectorConnection::check_acknowledged() {
  ending_timer_ = loop_.after(acknowledgement_poll, [this] {
    ending_timer_.reset();
    check_acknowledged();
  });
  const int left = unacknowledged_bytes(socket_.get());
  if (left != std::exchange(unacknowledged_, left)) {
    callbacks_.ending(left);
  }
}

void ConnectorConnection::lose(const std::string& reason, bool orderly) {
  if (is_open()) {
    close_socket();
    callbacks_.lost(reason, orderly);
  }
}

void ConnectorConnection::close() {
  dialer_.cancel();
  close_socket();
}

void ConnectorConnection::close_socket() {
  if (socket_) {
    loop_.unwatch(socket_.get());
    socket_.reset();
  }
  if (ending_timer_) {
    loop_.cancel(*ending_timer_);
    ending_timer_.reset();
  }
  control_.clear();
  input_.clear();
}

}  // namespace wallaroo::internal
