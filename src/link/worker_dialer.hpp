// Connects to another worker, once, and shakes hands with it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "io/address.hpp"
#include "io/event_loop.hpp"
#include "io/file_descriptor.hpp"
#include "io/resolver.hpp"
#include "link/handshake.hpp"
#include "link/introduced.hpp"

namespace wallaroo::internal::link {

class ShakingSocket;

/// There is no connection.
struct NotConnected {
  std::string reason;
  bool refused = false;  ///< nobody listens there: the process is gone
};

/// One attempt to connect. Destroying it gives the attempt up. Only on the loop's thread; the loop
/// must outlive it.
class WorkerDialer final : private ReadyHandler {
 public:
  /// A connection, or the answer of a worker that does not take it, or neither.
  using Result = std::variant<Introduced, Answer, NotConnected>;
  using Done = std::function<void(Result)>;

  struct Call {
    HostPort to;
    Hello hello;  ///< its nonce is made here
    std::string token;
    std::chrono::nanoseconds limit = std::chrono::seconds(5);
  };

  /// Calls `done` once, from a later poll of the loop. `done` may destroy the dialer.
  WorkerDialer(EventLoop& loop, Call call, Done done);
  WorkerDialer(const WorkerDialer&) = delete;
  WorkerDialer& operator=(const WorkerDialer&) = delete;
  ~WorkerDialer() override;

 private:
  void on_ready(std::uint32_t events) override;
  void on_resolved(Resolved resolved);
  void try_next_address();
  void address_failed(int error);
  void connected();
  void shake();
  void close_socket();
  void end(Result result);

  EventLoop& loop_;
  Call call_;
  Done done_;
  Resolution resolution_;
  std::vector<SocketAddress> addresses_;
  std::size_t next_address_ = 0;
  NotConnected failure_{"no address was found for it", false};
  FileDescriptor connecting_;
  std::optional<DialerHandshake> handshake_;
  std::unique_ptr<ShakingSocket> shaking_;
  EventLoop::TimerId limit_ = 0;
};

}  // namespace wallaroo::internal::link
