#include "source/tcp/tcp_reader.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <sys/epoll.h>

#include <wallaroo/types/error.hpp>

#include "io/socket.hpp"
#include "source/naming.hpp"

namespace wallaroo::internal {

TcpConnection::TcpConnection(std::shared_ptr<TcpPeer> tcp_peer, BlockPool& pool,
                             ReadyConnections& ready)
    : peer(std::move(tcp_peer)), stream(peer->address, pool), ready_(ready) {}

void TcpConnection::on_ready(std::uint32_t events) {
  constexpr std::uint32_t ends = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
  if ((events & (EPOLLIN | ends)) == 0) {
    return;
  }
  readable = true;
  hung_up = hung_up || (events & ends) != 0;
  if (!is_linked()) {
    ready_.push_back(*this);
  }
}

TcpReader::TcpReader(std::shared_ptr<TcpShared> shared, std::size_t index,
                     const ReaderContext& context)
    : shared_(std::move(shared)),
      index_(index),
      context_(context),
      delivery_(shared_->framer, context) {
  shared_->readers[index_]->attach(context_.loop, *this);
  if (index_ == shared_->acceptor) {
    acceptor_.emplace(shared_, context_);
  }
}

TcpReader::~TcpReader() {
  shared_->readers[index_]->detach();
  while (!connections_.empty()) {
    close(connections_.front());
  }
}

void TcpReader::start() {
  if (acceptor_) {
    naming_source(shared_->name, [&] { acceptor_->start(); });
  }
}

void TcpReader::adopt(std::shared_ptr<TcpPeer> peer) {
  if (stopped_) {
    return;
  }
  TcpConnection& connection = connections_.emplace_back(std::move(peer), pool_, ready_);
  connection.self = std::prev(connections_.end());
  connection.stream.partition = next_partition_++;
  context_.receiver.open_partition(connection.stream.partition);
  context_.metrics.connections_opened.add();
  context_.metrics.connections.add(1);
  context_.log.debug("source '{}' from {}: connected", shared_->name, connection.stream.origin);
  try {
    context_.loop.watch(connection.peer->socket.get(), connection);
  } catch (const IoError& error) {
    context_.log.error("source '{}' from {}: {}; connection closed", shared_->name,
                       connection.stream.origin, error.what());
    close(connection);
  }
}

void TcpReader::resume_accepting() {
  if (acceptor_) {
    acceptor_->accept_waiting();
  }
}

bool TcpReader::poll() {
  if (acceptor_ && acceptor_->failure()) {
    throw IoError(fmt::format("source '{}': {}", shared_->name, *acceptor_->failure()));
  }
  bool worked = false;
  PollBudget budget;
  while (!ready_.empty() && budget.left() && !context_.receiver.blocked()) {
    TcpConnection& connection = ready_.front();
    ready_.pop_front();
    worked = serve(connection, budget) || worked;
  }
  return worked || !ready_.empty();
}

bool TcpReader::serve(TcpConnection& connection, PollBudget& budget) {
  bool worked = false;
  if (connection.readable && connection.stream.buffer.starved()) {
    worked = read(connection, budget);
  }
  if (!connection.stream.buffer.starved()) {
    worked = true;
    if (const auto error = delivery_.deliver(connection.stream, budget)) {
      refuse(connection, *error);
      close(connection);
      return true;
    }
  }
  if (connection.stream.buffer.starved() && connection.state != TcpConnection::State::open) {
    end(connection);
    return true;
  }
  if (connection.has_work()) {
    ready_.push_back(connection);
  }
  return worked;
}

bool TcpReader::read(TcpConnection& connection, PollBudget& budget) {
  FrameBuffer& buffer = connection.stream.buffer;
  const std::span<char> room = buffer.prepare();
  const std::size_t wanted = std::min(room.size(), PollBudget::max_read_bytes);
  const IoResult result = receive_some(connection.peer->socket.get(), room.data(), wanted);
  buffer.commit(result.bytes);
  if (result.bytes == 0) {
    connection.readable = false;
    if (result.at_end()) {
      connection.state = TcpConnection::State::ended;
    } else if (!result.would_block()) {
      connection.state = TcpConnection::State::broken;
      connection.error = result.error;
    }
    return false;
  }
  // A short read has emptied the socket, and whatever comes next is a new event.
  connection.readable = result.bytes == wanted || connection.hung_up;
  connection.stream.ingest_ns = context_.clock.now_ns();
  context_.metrics.bytes.add(result.bytes);
  budget.took_read(result.bytes);
  return true;
}

void TcpReader::end(TcpConnection& connection) {
  switch (connection.state) {
    case TcpConnection::State::broken:
      report_broken(connection);
      break;
    case TcpConnection::State::stopped:
      if (const std::size_t bytes = connection.stream.buffer.pending_bytes(); bytes > 0) {
        context_.log.info("source '{}' from {}: stopped inside a record; its {} bytes are dropped",
                          shared_->name, connection.stream.origin, bytes);
      }
      break;
    default:
      report_end(connection, delivery_.finish(connection.stream));
  }
  close(connection);
}

void TcpReader::report_end(const TcpConnection& connection, const StreamEnd& end) {
  if (end.cut_off) {
    context_.metrics.bad_records.add();
    context_.log.warning("source '{}' from {}: the connection {}; the record is dropped",
                         shared_->name, connection.stream.origin, *end.cut_off);
  } else {
    context_.log.debug("source '{}' from {}: disconnected", shared_->name,
                       connection.stream.origin);
  }
}

void TcpReader::report_broken(const TcpConnection& connection) {
  const std::size_t bytes = connection.stream.buffer.pending_bytes();
  if (bytes > 0) {
    context_.metrics.bad_records.add();
  }
  context_.log.warning(
      "source '{}' from {}: the connection broke ({}); data that the peer had sent and we had not "
      "received is lost{}",
      shared_->name, connection.stream.origin, error_text(connection.error),
      bytes > 0 ? fmt::format(", and {} bytes of an incomplete record are dropped", bytes) : "");
}

void TcpReader::refuse(const TcpConnection& connection, std::string_view error) {
  context_.metrics.framing_errors.add();
  context_.log.warning("source '{}' from {}: {}; connection closed", shared_->name,
                       connection.stream.origin, error);
}

void TcpReader::close(TcpConnection& connection) {
  if (connection.peer->socket) {
    context_.loop.unwatch(connection.peer->socket.get());
  }
  context_.metrics.connections.add(-1);
  context_.receiver.end_partition(connection.stream.partition);
  connections_.erase(connection.self);
}

void TcpReader::stop() {
  stopped_ = true;
  if (acceptor_) {
    acceptor_->stop();
  }
  for (auto next = connections_.begin(); next != connections_.end();) {
    TcpConnection& connection = *next++;
    context_.loop.unwatch(connection.peer->socket.get());
    connection.peer->socket.reset();
    connection.readable = false;
    if (connection.state == TcpConnection::State::open) {
      connection.state = TcpConnection::State::stopped;
    }
    if (connection.stream.buffer.starved() && connection.state == TcpConnection::State::stopped) {
      end(connection);
    } else if (!connection.is_linked()) {
      ready_.push_back(connection);
    }
  }
}

bool TcpReader::finished() const { return stopped_ && connections_.empty(); }

}  // namespace wallaroo::internal
