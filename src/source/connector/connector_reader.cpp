#include "source/connector/connector_reader.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <wallaroo/types/error.hpp>

#include "io/socket.hpp"
#include "source/naming.hpp"

namespace wallaroo::internal {
namespace {

void set(int socket, int option, int value) {
  ::setsockopt(socket, IPPROTO_TCP, option, &value, sizeof(value));
}

/// Answers are small and awaited, hence no delay. A peer whose machine vanished keeps its streams
/// from being opened on its next connection; with the system's keep-alive that would last two
/// hours.
void prepare_socket(int socket) {
  constexpr int silent_s = 15;
  constexpr int between_probes_s = 5;
  constexpr int probes = 3;
  set(socket, TCP_NODELAY, 1);
  set(socket, TCP_KEEPIDLE, silent_s);
  set(socket, TCP_KEEPINTVL, between_probes_s);
  set(socket, TCP_KEEPCNT, probes);
}

std::string origin_of(const TcpPeer& peer, const SourceStream& stream) {
  constexpr std::size_t max_name_bytes = 200;
  return fmt::format("{} stream '{}'", peer.address,
                     std::string_view(stream.name).substr(0, max_name_bytes));
}

}  // namespace

ConnectorReader::ConnectorReader(std::shared_ptr<ConnectorSourceShared> shared, std::size_t index,
                                 const ReaderContext& context)
    : shared_(std::move(shared)), index_(index), context_(context), delivery_(context) {
  shared_->tcp->readers[index_]->attach(context_.loop, *this);
  if (index_ == shared_->tcp->acceptor) {
    acceptor_.emplace(shared_->tcp, context_);
  }
}

ConnectorReader::~ConnectorReader() {
  stopped_ = true;
  shared_->tcp->readers[index_]->detach();
  while (!connections_.empty()) {
    close(connections_.front());
  }
}

void ConnectorReader::start() {
  if (acceptor_) {
    naming_source(shared_->tcp->name, [&] { acceptor_->start(); });
  }
  const auto streams = shared_->registry.awaited();
  for (const std::uint64_t stream : streams) {
    await(stream);
  }
  if (acceptor_ && !streams.empty()) {
    context_.log.info(
        "source '{}': {} streams of the checkpoint have not ended; the watermark waits for each "
        "until it is back, or idle",
        shared_->tcp->name, streams.size());
  }
}

void ConnectorReader::adopt(std::shared_ptr<TcpPeer> peer) {
  if (stopped_) {
    return;
  }
  auto session = std::make_unique<SourceSession>(shared_->settings, shared_->registry, index_);
  ConnectorSourceConnection& connection =
      connections_.emplace_back(std::move(peer), pool_, ready_, std::move(session));
  connection.self = std::prev(connections_.end());
  context_.metrics.connections_opened.add();
  context_.metrics.connections.add(1);
  const TcpPeer& accepted = *connection.peer;
  context_.log.debug("source '{}' from {}: connected", shared_->tcp->name, accepted.address);
  prepare_socket(accepted.socket.get());
  try {
    context_.loop.watch(accepted.socket.get(), connection);
  } catch (const IoError& error) {
    context_.log.error("source '{}' from {}: {}; connection closed", shared_->tcp->name,
                       accepted.address, error.what());
    close(connection);
  }
}

void ConnectorReader::resume_accepting() {
  if (acceptor_) {
    acceptor_->accept_waiting();
  }
}

bool ConnectorReader::poll() {
  if (acceptor_ && acceptor_->failure()) {
    throw IoError(fmt::format("source '{}': {}", shared_->tcp->name, *acceptor_->failure()));
  }
  bool worked = false;
  PollBudget budget;
  while (!ready_.empty() && budget.left() && !context_.receiver.blocked()) {
    ConnectorSourceConnection& connection = ready_.front();
    ready_.pop_front();
    worked = serve(connection, budget) || worked;
  }
  return worked || !ready_.empty();
}

bool ConnectorReader::serve(ConnectorSourceConnection& connection, PollBudget& budget) {
  bool worked = false;
  if (connection.readable && connection.buffer.starved()) {
    worked = read(connection, budget);
  }
  if (!connection.buffer.starved()) {
    worked = true;
    if (!converse(connection, budget)) {
      report_closed(connection);
      close(connection);
      return true;
    }
    connection.flush();
  }
  if (connection.buffer.starved() && connection.state != State::open) {
    end(connection);
    return true;
  }
  if (connection.has_work()) {
    connection.wake();
  }
  return worked;
}

bool ConnectorReader::read(ConnectorSourceConnection& connection, PollBudget& budget) {
  const std::span<char> room = connection.buffer.prepare();
  const std::size_t wanted = std::min(room.size(), PollBudget::max_read_bytes);
  const IoResult result = receive_some(connection.peer->socket.get(), room.data(), wanted);
  connection.buffer.commit(result.bytes);
  if (result.bytes == 0) {
    connection.readable = false;
    if (result.at_end()) {
      connection.state = State::ended;
    } else if (!result.would_block()) {
      connection.state = State::broken;
      connection.error = error_text(result.error);
    }
    return false;
  }
  // A short read has emptied the socket, and whatever comes next is a new event.
  connection.readable = result.bytes == wanted || connection.hung_up;
  connection.ingest_ns = context_.clock.now_ns();
  context_.metrics.bytes.add(result.bytes);
  budget.took_read(result.bytes);
  return true;
}

/// Returns false if the connection is to be closed.
bool ConnectorReader::converse(ConnectorSourceConnection& connection, PollBudget& budget) {
  while (!connection.buffer.starved() && budget.batches > 0 && !context_.receiver.blocked()) {
    --budget.batches;
    frames_.reset();
    const Cut cut =
        connection.buffer.cut(shared_->tcp->framer, frames_, context_.receiver.most_records());
    const bool goes_on = converse_about(connection, frames_);
    delivery_.hand_over(frames_.pins, connection.ingest_ns);
    frames_.reset();
    if (!goes_on) {
      return false;
    }
    if (cut.error) {
      return follow(connection, connection.session->fail(*cut.error));
    }
  }
  return true;
}

bool ConnectorReader::converse_about(ConnectorSourceConnection& connection,
                                     const FrameBatch& frames) {
  return std::all_of(frames.frames.begin(), frames.frames.end(), [&](std::string_view frame) {
    return follow(connection, connection.session->on_frame(frame));
  });
}

bool ConnectorReader::follow(ConnectorSourceConnection& connection, const SourceStep& step) {
  switch (step.kind) {
    case SourceStep::Kind::opened:
      open(connection, *step.stream);
      break;
    case SourceStep::Kind::message:
      delivery_.add(step.stream->feed, step.payload);
      break;
    case SourceStep::Kind::ended:
      delivery_.hand_over(frames_.pins, connection.ingest_ns);
      context_.receiver.end_partition(step.stream->feed.partition);
      streams_released();
      break;
    case SourceStep::Kind::closed:
      return false;
    case SourceStep::Kind::nothing:
      break;
  }
  return true;
}

void ConnectorReader::open(ConnectorSourceConnection& connection, SourceStream& stream) {
  const auto found = awaited_.find(stream.id);
  if (found != awaited_.end()) {
    stream.feed.partition = found->second;
    awaited_.erase(found);
  } else {
    stream.feed.partition = next_partition_++;
  }
  stream.feed.origin = origin_of(*connection.peer, stream);
  context_.receiver.open_partition(stream.feed.partition);
  if (stream.awaited) {
    tell_others(&ConnectorReader::stream_is_back, stream.id);
  }
}

void ConnectorReader::tell_others(void (ConnectorReader::*news)(std::uint64_t),
                                  std::uint64_t stream) {
  for (const auto& handle : shared_->tcp->readers) {
    if (handle != shared_->tcp->readers[index_]) {
      handle->post([news, stream](ConnectionTaker& share) {
        (static_cast<ConnectorReader&>(share).*news)(stream);
      });
    }
  }
}

void ConnectorReader::await(std::uint64_t stream) {
  const auto [place, is_new] = awaited_.try_emplace(stream, next_partition_);
  if (is_new) {
    context_.receiver.open_partition(next_partition_);
    context_.receiver.leave_partition(next_partition_++);
  }
}

// The news may be outdated: by now the stream may be back here, or cut again elsewhere.
void ConnectorReader::stream_was_cut(std::uint64_t stream) {
  if (!stopped_ && shared_->registry.is_awaited(stream)) {
    await(stream);
  }
}

void ConnectorReader::stream_is_back(std::uint64_t stream) {
  const auto found = awaited_.find(stream);
  if (found != awaited_.end() && !shared_->registry.is_awaited(stream)) {
    context_.receiver.forget_partition(found->second);
    awaited_.erase(found);
  }
}

// The stream's connection is gone, but its sender has not said that the stream ends.
void ConnectorReader::cut(const SourceStream& stream) {
  if (stopped_ || stream.last == StreamRegistry::nothing) {
    context_.receiver.end_partition(stream.feed.partition);
    return;
  }
  awaited_[stream.id] = stream.feed.partition;
  context_.receiver.leave_partition(stream.feed.partition);
  tell_others(&ConnectorReader::stream_was_cut, stream.id);
}

void ConnectorReader::end(ConnectorSourceConnection& connection) {
  if (connection.state == State::stopped && context_.checkpoints) {
    return;  // the peer waits for its last acknowledgements
  }
  report_end(connection);
  close(connection);
}

void ConnectorReader::report_end(const ConnectorSourceConnection& connection) {
  const std::string& name = shared_->tcp->name;
  const std::string& address = connection.peer->address;
  const std::size_t bytes = connection.buffer.pending_bytes();
  if (connection.state == State::broken) {
    context_.log.warning(
        "source '{}' from {}: the connection broke ({}); its streams go on where "
        "they were when the peer comes back",
        name, address, connection.error);
  } else if (connection.state == State::ended && bytes > 0) {
    context_.log.warning(
        "source '{}' from {}: the connection ended inside a frame; its {} bytes "
        "are dropped",
        name, address, bytes);
  } else {
    context_.log.debug("source '{}' from {}: disconnected", name, address);
  }
}

void ConnectorReader::report_closed(const ConnectorSourceConnection& connection) {
  const SourceSession::End& end = connection.session->end();
  if (!end.by_peer) {
    context_.metrics.framing_errors.add();
  }
  context_.log.warning("source '{}' from {}: {}; connection closed", shared_->tcp->name,
                       connection.peer->address, end.reason);
}

void ConnectorReader::close(ConnectorSourceConnection& connection) {
  if (connection.state != State::broken) {
    connection.finish_sending();
  }
  context_.loop.unwatch(connection.peer->socket.get());
  context_.metrics.connections.add(-1);
  // After a stop with checkpoints the streams go on at the next start, so they are not cut.
  const bool go_on = connection.state == State::stopped && context_.checkpoints;
  for (const SourceStream& stream : connection.session->release_all()) {
    if (!go_on) {
      cut(stream);
    }
  }
  connections_.erase(connection.self);
  streams_released();
}

void ConnectorReader::streams_released() {
  for (const auto& handle : shared_->tcp->readers) {
    handle->post(
        [](ConnectionTaker& share) { static_cast<ConnectorReader&>(share).invite_retries(); });
  }
}

void ConnectorReader::invite_retries() {
  for (ConnectorSourceConnection& connection : connections_) {
    connection.session->invite_retry();
    connection.flush();
  }
}

void ConnectorReader::stop() {
  if (stopped_) {
    return;
  }
  stopped_ = true;
  if (acceptor_) {
    acceptor_->stop();
  }
  for (auto next = connections_.begin(); next != connections_.end();) {
    ConnectorSourceConnection& connection = *next++;
    connection.readable = false;
    if (connection.state == State::open) {
      connection.state = State::stopped;
    }
    if (connection.buffer.starved()) {
      connection.unlink();
      end(connection);
    } else {
      connection.wake();
    }
  }
}

std::vector<SourcePosition> ConnectorReader::save(std::uint64_t number) {
  std::vector<StreamProgress> places;
  for (ConnectorSourceConnection& connection : connections_) {
    connection.session->save(number, places);
  }
  std::vector<SourcePosition> positions = shared_->registry.save(index_, number, places);
  if (finished() && last_checkpoint_ == 0) {
    last_checkpoint_ = number;
  }
  invite_retries();
  return positions;
}

void ConnectorReader::completed(std::uint64_t number) {
  shared_->registry.completed(number);
  bool released = false;
  for (ConnectorSourceConnection& connection : connections_) {
    released = connection.session->completed(number) || released;
    connection.flush();
    if (last_checkpoint_ != 0 && last_checkpoint_ <= number) {
      connection.finish_sending();
    }
  }
  if (released) {
    streams_released();
  }
}

}  // namespace wallaroo::internal
