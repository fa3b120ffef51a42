// What the executors' shares of one TCP source have in common.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "io/event_loop.hpp"
#include "io/file_descriptor.hpp"
#include "source/framer.hpp"

namespace wallaroo::internal {

struct TcpPeer;

/// One executor's share of a source that listens: whoever reads the connections.
class ConnectionTaker {
 public:
  virtual ~ConnectionTaker() = default;
  /// A new connection dealt to this executor.
  virtual void adopt(std::shared_ptr<TcpPeer> peer) = 0;
  /// On the accepting executor: there may be room for more connections again.
  virtual void resume_accepting() = 0;
};

/// The way to a connector from any thread, at any time: it may not exist yet, or no more.
class TcpConnectorLink : public std::enable_shared_from_this<TcpConnectorLink> {
 public:
  void attach(EventLoop& loop, ConnectionTaker& connector);
  void detach();
  /// Runs `action` on the connector's thread, unless the connector is gone before.
  void post(std::function<void(ConnectionTaker&)> action);

 private:
  ConnectionTaker* connector();

  std::mutex mutex_;
  EventLoop* loop_ = nullptr;
  ConnectionTaker* connector_ = nullptr;
};

struct TcpShared {
  TcpShared(std::string source_name, Framer source_framer, std::size_t connections)
      : name(std::move(source_name)),
        framer(std::move(source_framer)),
        max_connections(connections) {}

  const std::string name;
  const Framer framer;
  const std::size_t max_connections;
  FileDescriptor listener;
  std::vector<std::shared_ptr<TcpConnectorLink>> links;  // by executor
  std::size_t acceptor = 0;                              // the executor that accepts
  std::atomic<std::size_t> open_connections{0};
  std::atomic<bool> acceptor_waits{false};  // for a connection to close

  void connection_closed();
};

/// An accepted socket on its way to, or at, the connector that reads it. Counts as an open
/// connection while it lives.
struct TcpPeer {
  TcpPeer(FileDescriptor peer_socket, std::string peer_address, std::shared_ptr<TcpShared> source);
  TcpPeer(const TcpPeer&) = delete;
  TcpPeer& operator=(const TcpPeer&) = delete;
  ~TcpPeer();

  FileDescriptor socket;
  std::string address;
  std::shared_ptr<TcpShared> shared;
};

}  // namespace wallaroo::internal
