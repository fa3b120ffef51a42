// The event loop of an executor, which waits for sockets, timers and messages from other threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "base/clock.hpp"

namespace wallaroo::internal {

/// Is told when a file descriptor is ready.
class ReadyHandler {
 public:
  virtual ~ReadyHandler() = default;
  /// `events` are epoll's (EPOLLIN, EPOLLOUT, EPOLLHUP, ...). The handler may unwatch or close any
  /// descriptor, its own included, and may be destroyed by another handler in the same poll, since
  /// no call follows for a descriptor that was unwatched.
  virtual void on_ready(std::uint32_t events) = 0;
};

/// Edge-triggered epoll, ordered timers, and an eventfd for other threads. Only `post` and `wake`
/// may be called from other threads.
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

  /// Calls `action` once, from a `poll` after `delay` has passed.
  TimerId after(std::chrono::nanoseconds delay, std::function<void()> action);
  /// Removes a timer. Ignores a timer that has fired, and an unknown id.
  void cancel(TimerId id);
  /// The time of the clock at which the earliest timer is due, if there is one.
  std::optional<std::int64_t> next_timer_ns() const;

  /// Runs `action` on the loop's thread in its next `poll`. May be called from any thread. Actions
  /// posted by one thread keep their order; those still queued at destruction are destroyed without
  /// being run.
  void post(std::function<void()> action);
  /// Makes a `poll` that waits, or the next one, return. May be called from any thread.
  void wake();

  /// Dispatches everything that is ready: descriptors, due timers, posted actions. If nothing is,
  /// waits for at most `timeout` (without one: for ever), but never past the next timer.
  void poll(std::optional<std::chrono::nanoseconds> timeout);
  /// Readable when a `poll` would find something, timers aside: so another loop can wait for this
  /// one. It belongs to this loop.
  int descriptor() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wallaroo::internal
