// Shared by the executors' shares of one TCP source.
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

/// One executor's share of a source that listens. It reads the connections it is given.
class ConnectionTaker {
 public:
  virtual ~ConnectionTaker() = default;
  /// Takes a new connection that was dealt to this executor.
  virtual void adopt(std::shared_ptr<TcpPeer> peer) = 0;
  /// Called on the accepting executor when there may be room for more connections again.
  virtual void resume_accepting() = 0;
};

/// Reaches a reader from any thread, at any time. The reader may not exist yet, or no longer.
class TcpReaderHandle : public std::enable_shared_from_this<TcpReaderHandle> {
 public:
  void attach(EventLoop& loop, ConnectionTaker& reader);
  void detach();
  /// Runs `action` on the reader's thread, or drops it if the reader is gone by then.
  void post(std::function<void(ConnectionTaker&)> action);

 private:
  ConnectionTaker* reader();

  std::mutex mutex_;
  EventLoop* loop_ = nullptr;
  ConnectionTaker* reader_ = nullptr;
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
  std::vector<std::shared_ptr<TcpReaderHandle>> readers;  // by executor
  std::size_t acceptor = 0;                               // the executor that accepts
  std::atomic<std::size_t> open_connections{0};
  std::atomic<bool> acceptor_waits{false};  // until a connection closes

  void connection_closed();
};

/// An accepted socket on its way to, or at, the reader that reads it. Counts as an open
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
