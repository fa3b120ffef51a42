// The connection of a connector sink to its receiver: sockets and frames, no protocol.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <wallaroo/types/connector_options.hpp>

#include "base/clock.hpp"
#include "io/connector_protocol.hpp"
#include "io/event_loop.hpp"
#include "io/file_descriptor.hpp"
#include "io/socket.hpp"
#include "sink/connector/connector_output.hpp"
#include "sink/dialer.hpp"

namespace wallaroo::internal {

/// Dials until it is connected; then sends bytes and cuts what arrives into frames, until it is
/// lost or closed. Control bytes go before further data.
class ConnectorConnection final : private ReadyHandler {
 public:
  /// Each callback may close the connection.
  struct Callbacks {
    std::function<void()> connected;
    /// The next attempt is already planned.
    std::function<void(const std::string& reason)> dial_failed;
    std::function<void(const connector_protocol::Frame&)> received;
    /// The bytes that arrived are not a frame. Nothing further is read.
    std::function<void(const std::string& reason)> malformed;
    /// The connection is closed. `orderly`: the receiver's machine had acknowledged all bytes
    /// before.
    std::function<void(const std::string& reason, bool orderly)> lost;
    std::function<void()> writable;
    /// Called after `end_output`: the receiver's machine has not acknowledged `left` bytes. Once
    /// there are none, closing the socket can lose nothing.
    std::function<void(int left)> ending;
  };

  ConnectorConnection(const HostPort& address, const ConnectorSinkOptions& options, EventLoop& loop,
                      const Clock& clock, Callbacks callbacks);
  ConnectorConnection(const ConnectorConnection&) = delete;
  ConnectorConnection& operator=(const ConnectorConnection&) = delete;
  ~ConnectorConnection() override { close(); }

  void dial() { dialer_.dial(); }
  void dial_later();

  bool is_open() const { return static_cast<bool>(socket_); }
  /// Queues bytes that go before further data, or drops them if there is no connection.
  void queue_control(std::string_view bytes);
  bool control_pending() const { return !control_.empty(); }
  /// These two return true if some bytes were taken. False: the socket is full (`writable`
  /// follows), or the connection was found lost.
  bool send_control();
  bool send_data(ConnectorOutput& output);

  /// Nothing more will be sent.
  void end_output();
  /// Acts as if the connection had broken.
  void fail(const std::string& reason) { lose(reason, false); }
  void close();

 private:
  void on_ready(std::uint32_t events) override;
  void on_connected(FileDescriptor socket);
  void receive();
  std::size_t deliver_frames(std::string_view bytes);
  bool sent(const IoResult& result);
  void lose(const std::string& reason, bool orderly);
  void check_acknowledged();
  void close_socket();

  EventLoop& loop_;
  const Clock& clock_;
  Callbacks callbacks_;
  std::chrono::nanoseconds reliable_after_;
  Dialer dialer_;
  FileDescriptor socket_;
  bool writable_ = false;  ///< false from EAGAIN to the next EPOLLOUT
  std::int64_t connected_ns_ = 0;
  std::string control_;
  std::string input_;
  int unacknowledged_ = -1;  ///< as `ending` was last told
  std::optional<EventLoop::TimerId> ending_timer_;
};

}  // namespace wallaroo::internal
