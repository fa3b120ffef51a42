#include "sink/tcp/tcp_writer.hpp"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <random>
#include <utility>

#include <sys/epoll.h>
#include <sys/socket.h>

#include <fmt/format.h>

#include "io/socket.hpp"
#include "sink/peer_socket.hpp"

namespace wallaroo::internal {

namespace {

using Nanoseconds = std::chrono::nanoseconds;

constexpr std::size_t max_parts = 16;
constexpr std::size_t max_dropped_bytes = 1 << 20;
constexpr std::chrono::milliseconds acknowledgement_poll{5};

std::string reason_of_end(int socket) {
  int error = 0;
  socklen_t length = sizeof(error);
  const bool known = ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error != 0;
  return known ? error_text(error) : "the peer closed it";
}

}  // namespace

TcpWriter::TcpWriter(Peer peer, TcpSinkOptions options, const WriterContext& context)
    : SinkWriter(context),
      peer_(std::move(peer)),
      options_(std::move(options)),
      context_(context),
      queue_(context.clock, context.metrics),
      dialer_(peer_.address, context.loop,
              Backoff(options_.first_backoff, options_.max_backoff, std::random_device{}()),
              {.connected = [this](FileDescriptor socket) { on_connected(std::move(socket)); },
               .failed = [this](const std::string& reason) { on_dial_failed(reason); }}),
      send_bytes_(std::min(OutputQueue::coalesced_bytes, options_.max_buffer_bytes)),
      deadline_(context.loop, context.clock, options_.drain_timeout,
                {.waiting = [this] { return !queue_.empty() || state_ == State::closing; },
                 .give_up = [this] { give_up(); }}) {}

TcpWriter::~TcpWriter() { disconnect(); }

void TcpWriter::start() { dialer_.dial(); }

void TcpWriter::write(ByteBatch& batch) {
  if (state_ == State::given_up) {
    lose(batch.size());
    batch.clear();
    return;
  }
  if (queue_.empty()) {
    deadline_.progress();
  }
  queue_.push(batch);
  if (queue_.bytes() >= send_bytes_) {
    send_queued();
  }
}

void TcpWriter::finish() {
  if (finishing_) {
    return;
  }
  finishing_ = true;
  deadline_.begin();
  send_queued();
  if (state_ == State::given_up || (state_ == State::away && queue_.empty())) {
    become_closed();
  }
}

void TcpWriter::prepare(std::uint64_t number) {
  preparing_ = number;
  if (lost_records_) {
    refuse_checkpoint();
    return;
  }
  send_queued();
  answer_when_handed_over();
}

void TcpWriter::answer_when_handed_over() {
  if (preparing_ != 0 && queue_.passed_barrier()) {
    listener().prepared(std::exchange(preparing_, 0), {});
  }
}

void TcpWriter::refuse_checkpoint() {
  if (std::exchange(preparing_, 0) != 0) {
    listener().roll_back(
        fmt::format("sink '{}': records were given up because {} took nothing while the "
                    "application was stopping",
                    peer_.sink, peer_.address.to_string()));
  }
}

void TcpWriter::send_queued() {
  if (state_ != State::connected) {
    return;
  }
  std::array<iovec, max_parts> parts;
  while (writable_ && !queue_.empty()) {
    const std::size_t count = queue_.gather(parts);
    const IoResult sent = send_parts(socket_.get(), std::span(parts).first(count));
    if (sent.would_block()) {
      writable_ = false;
    } else if (sent.error != 0) {
      on_lost(error_text(sent.error));
      return;
    } else {
      queue_.taken(sent.bytes);
      deadline_.progress();
    }
  }
  if (finishing_ && queue_.empty()) {
    begin_closing();
  }
  answer_when_handed_over();
}

void TcpWriter::on_connected(FileDescriptor socket) {
  socket_ = std::move(socket);
  state_ = State::connected;
  writable_ = true;
  connected_ns_ = context_.clock.now_ns();
  context_.metrics.connected.set(1);
  context_.metrics.reconnects.add(was_connected_ ? 1 : 0);
  context_.log.info("sink '{}': connected to {}", peer_.sink, peer_.address.to_string());
  was_connected_ = true;
  absence_logged_ = false;
  context_.loop.watch(socket_.get(), *this);
  send_queued();
}

void TcpWriter::on_dial_failed(const std::string& reason) {
  if (!std::exchange(absence_logged_, true)) {
    context_.log.warning(
        "sink '{}': cannot connect to {}: {}; trying again with backoff; the pipeline waits",
        peer_.sink, peer_.address.to_string(), reason);
  }
}

void TcpWriter::on_lost(const std::string& reason) {
  // A peer that accepts and closes at once must not be dialled at full speed.
  if (Nanoseconds(context_.clock.now_ns() - connected_ns_) >= options_.max_backoff) {
    dialer_.reset_delay();
  }
  close_socket();
  queue_.restore_torn_record();
  state_ = State::away;
  absence_logged_ = true;
  context_.log.warning(
      "sink '{}': lost the connection to {}: {}; data that the peer had not read is lost; "
      "connecting again with backoff; the pipeline waits",
      peer_.sink, peer_.address.to_string(), reason);
  if (finishing_ && queue_.empty()) {
    become_closed();
  } else {
    dialer_.dial_later();
  }
}

void TcpWriter::on_ready(std::uint32_t events) {
  if (state_ == State::closing) {
    on_closing_ready(events);
    return;
  }
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
    on_lost(reason_of_end(socket_.get()));
    return;
  }
  if ((events & EPOLLIN) != 0) {
    drop_input();
  }
  if ((events & EPOLLOUT) != 0) {
    writable_ = true;
    send_queued();
  }
}

/// Drops what the peer sends. Bounded, so that a peer that floods this side cannot hold the
/// executor; the rest is dropped when more arrives.
void TcpWriter::drop_input() {
  std::array<char, 16 * 1024> input;
  for (std::size_t dropped = 0; dropped < max_dropped_bytes;) {
    const IoResult received = receive_some(socket_.get(), input.data(), input.size());
    if (received.error != 0 || received.bytes == 0) {
      return;  // an end or an error has an event of its own
    }
    dropped += received.bytes;
  }
}

void TcpWriter::begin_closing() {
  state_ = State::closing;
  (void)::shutdown(socket_.get(), SHUT_WR);
  unacknowledged_ = unacknowledged_bytes(socket_.get());
  deadline_.progress();
  check_acknowledged();
}

/// Once the peer's machine has everything and its end, closing the socket can lose nothing. There
/// is no event for that, hence the timer.
void TcpWriter::check_acknowledged() {
  drop_input();
  const int left = unacknowledged_bytes(socket_.get());
  if (left == 0) {
    become_closed();
    return;
  }
  if (left != unacknowledged_) {
    unacknowledged_ = left;
    deadline_.progress();
  }
  closing_timer_ = context_.loop.after(acknowledgement_poll, [this] {
    closing_timer_.reset();
    check_acknowledged();
  });
}

void TcpWriter::on_closing_ready(std::uint32_t events) {
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) == 0) {
    drop_input();
    return;
  }
  const std::string reason = reason_of_end(socket_.get());
  drop_input();
  if (unacknowledged_bytes(socket_.get()) > 1 || (events & EPOLLERR) != 0) {
    context_.log.warning("sink '{}': {} ended the connection before it had read everything: {}",
                         peer_.sink, peer_.address.to_string(), reason);
  }
  become_closed();
}

void TcpWriter::give_up() {
  const std::string address = peer_.address.to_string();
  if (state_ == State::closing) {
    context_.log.warning(
        "sink '{}': {} has not acknowledged the last {} bytes; the operating system goes on "
        "sending them",
        peer_.sink, address, unacknowledged_bytes(socket_.get()));
    become_closed();
    return;
  }
  const std::size_t bytes = queue_.bytes();
  const std::uint64_t records = queue_.discard();
  const bool away = state_ == State::away;
  disconnect();
  state_ = State::given_up;
  lose(records);
  context_.log.error(
      "sink '{}': gave up {} records ({} bytes) and all that follow: {} {} for {} ms while the "
      "application was stopping",
      peer_.sink, records, bytes, address, away ? "was away" : "read nothing",
      options_.drain_timeout.count());
  if (lost_records_) {
    refuse_checkpoint();
  }
  if (finishing_) {
    become_closed();
  }
}

void TcpWriter::lose(std::uint64_t records) {
  context_.metrics.records_lost.add(records);
  lost_records_ = lost_records_ || records > 0;
}

void TcpWriter::close_socket() {
  if (socket_) {
    context_.loop.unwatch(socket_.get());
    socket_.reset();
    context_.metrics.connected.set(0);
  }
}

void TcpWriter::disconnect() {
  dialer_.cancel();
  close_socket();
  deadline_.cancel();
  if (closing_timer_) {
    context_.loop.cancel(*closing_timer_);
    closing_timer_.reset();
  }
}

void TcpWriter::become_closed() {
  disconnect();
  state_ = State::closed;
}

}  // namespace wallaroo::internal
