// Connects to a peer that may be absent, for as long as it takes.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "io/address.hpp"
#include "io/event_loop.hpp"
#include "io/file_descriptor.hpp"
#include "io/resolver.hpp"
#include "sink/backoff.hpp"

namespace wallaroo::internal {

/// Looks the host up, tries its addresses in turn, and after a failure of all of them does so
/// again after a growing delay, until it is connected or cancelled. The loop must outlive it.
class Dialer final : private ReadyHandler {
 public:
  struct Callbacks {
    /// The socket is not watched. The dialer is idle: it may be told to dial again.
    std::function<void(FileDescriptor)> connected;
    /// An attempt failed; the next one is already planned.
    std::function<void(const std::string& reason)> failed;
  };

  Dialer(HostPort peer, EventLoop& loop, Backoff backoff, Callbacks callbacks);
  Dialer(const Dialer&) = delete;
  Dialer& operator=(const Dialer&) = delete;
  ~Dialer() override { cancel(); }

  void dial();
  /// Dials after the next delay.
  void dial_later();
  void cancel();
  /// The peer has proven reliable: the next delay is the shortest again.
  void reset_delay() { backoff_.reset(); }

 private:
  void on_ready(std::uint32_t events) override;
  void on_resolved(Resolved resolved);
  void try_next_address();
  void on_address_failed(std::string reason);
  void close_socket();
  void stop_timer();

  HostPort peer_;
  EventLoop& loop_;
  Backoff backoff_;
  Callbacks callbacks_;
  Resolution resolution_;
  std::vector<SocketAddress> addresses_;
  std::size_t next_address_ = 0;
  std::string reason_;
  FileDescriptor socket_;
  std::optional<EventLoop::TimerId> timer_;
};

}  // namespace wallaroo::internal
