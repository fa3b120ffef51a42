// Decides when a stopping application gives up on a peer.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

#include "io/event_loop.hpp"

namespace wallaroo::internal {

/// Once begun, calls `give_up` when the peer has taken nothing for the timeout although something
/// was waiting for it all the time. A peer that is slow but takes something keeps its sink alive.
class DrainDeadline {
 public:
  struct Callbacks {
    std::function<bool()> waiting;
    std::function<void()> give_up;
  };

  DrainDeadline(EventLoop& loop, const Clock& clock, std::chrono::nanoseconds timeout,
                Callbacks callbacks);
  DrainDeadline(const DrainDeadline&) = delete;
  DrainDeadline& operator=(const DrainDeadline&) = delete;
  ~DrainDeadline() { cancel(); }

  /// Further calls change nothing.
  void begin();
  /// Call when the peer took something, or when something is waiting for it again, because time
  /// stops while nothing waits.
  void progress();
  void cancel();

 private:
  void arm(std::chrono::nanoseconds delay);
  void on_timer();

  EventLoop& loop_;
  const Clock& clock_;
  std::chrono::nanoseconds timeout_;
  Callbacks callbacks_;
  bool begun_ = false;
  std::int64_t progress_ns_ = 0;
  std::optional<EventLoop::TimerId> timer_;
};

}  // namespace wallaroo::internal
