// One per executor: waits for sockets, timers and messages from other threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "base/clock.hpp"

namespace wallaroo::internal {

/// Told about a file descriptor's readiness.
class ReadyHandler {
 public:
  virtual ~ReadyHandler() = default;
  /// `events` are epoll's (EPOLLIN, EPOLLOUT, EPOLLHUP, ...). The handler may unwatch or close
  /// any descriptor, its own included, and may be destroyed by others' handlers in the same poll:
  /// a descriptor that was unwatched gets no further call.
  virtual void on_ready(std::uint32_t events) = 0;
};

/// Edge-triggered epoll, a heap of timers, an eventfd for other threads. Not thread-safe but for
/// `post` and `wake`.
class EventLoop {
 public:
  using TimerId = std::uint64_t;

  explicit EventLoop(const Clock& clock);
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop();

  /// Watches `fd` edge-triggered for reading and writing until `unwatch`, which must come before
  /// the descriptor is closed. Throws IoError.
  void watch(int fd, ReadyHandler& handler);
  void unwatch(int fd);

  /// Calls `action` once, on the loop's thread, when the clock has passed `delay` from now.
  TimerId after(std::chrono::nanoseconds delay, std::function<void()> action);
  /// A timer that has fired, or an unknown id, is ignored.
  void cancel(TimerId id);
  /// When the earliest timer is due (clock time), if there is one.
  std::optional<std::int64_t> next_timer_ns() const;

  /// From any thread: runs `action` on the loop's thread in its next `poll`. Actions posted by one
  /// thread keep their order; those still queued at destruction are destroyed without being run.
  void post(std::function<void()> action);
  /// From any thread: makes a `poll` that waits, or the next one, return.
  void wake();

  /// Dispatches everything that is ready: descriptors, due timers, posted actions. Waits for the
  /// first of them at most `timeout` (no timeout: for ever), never past the next timer.
  void poll(std::optional<std::chrono::nanoseconds> timeout);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wallaroo::internal
