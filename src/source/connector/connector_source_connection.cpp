#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "io/socket.hpp"
#include "source/connector/connector_reader.hpp"

namespace wallaroo::internal {
namespace {

/// A peer that leaves this much of our output unread does not read at all.
constexpr std::size_t max_unsent_bytes = 16 * 1024 * 1024;
/// How many reads of a peer's last bytes are thrown away. Closing a socket with unread bytes would
/// make the kernel drop what we have sent.
constexpr int max_discarded_reads = 64;

}  // namespace

ConnectorSourceConnection::ConnectorSourceConnection(std::shared_ptr<TcpPeer> tcp_peer,
                                                     BlockPool& pool, ReadyConnections& ready,
                                                     std::unique_ptr<SourceSession> conversation)
    : peer(std::move(tcp_peer)), buffer(pool), session(std::move(conversation)), ready_(ready) {}

void ConnectorSourceConnection::on_ready(std::uint32_t events) {
  constexpr std::uint32_t ends = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
  if ((events & EPOLLOUT) != 0) {
    flush();
  }
  if ((events & (EPOLLIN | ends)) == 0 || state == State::stopped) {
    return;
  }
  readable = true;
  hung_up = hung_up || (events & ends) != 0;
  wake();
}

void ConnectorSourceConnection::wake() {
  if (!is_linked()) {
    ready_.push_back(*this);
  }
}

void ConnectorSourceConnection::flush() {
  std::string& output = session->output();
  std::string_view rest = output;
  while (!rest.empty()) {
    const IoResult result = send_some(peer->socket.get(), rest);
    rest.remove_prefix(result.bytes);
    if (result.error == 0) {
      continue;
    }
    const bool too_much = rest.size() > max_unsent_bytes;
    if ((!result.would_block() || too_much) && state == State::open) {
      state = State::broken;
      error = too_much ? "it does not read its acknowledgements" : error_text(result.error);
      wake();
    }
    break;
  }
  output.erase(0, output.size() - rest.size());
  if (finishing_ && output.empty()) {
    ::shutdown(peer->socket.get(), SHUT_WR);
  }
}

void ConnectorSourceConnection::finish_sending() {
  finishing_ = true;
  flush();
  std::array<char, 16 * 1024> discarded;
  for (int i = 0; i < max_discarded_reads; ++i) {
    if (receive_some(peer->socket.get(), discarded.data(), discarded.size()).bytes == 0) {
      break;
    }
  }
}

}  // namespace wallaroo::internal
