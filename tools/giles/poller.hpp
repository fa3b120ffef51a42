#pragma once

#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <span>

#include "giles/error.hpp"
#include "giles/unique_fd.hpp"

namespace wallaroo::giles {

// epoll with timeouts in nanoseconds.
class Poller {
 public:
  Poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

  void add(int fd, std::uint32_t events, std::uint64_t tag) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = tag;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
      throw RuntimeError(std::string("cannot watch a socket: ") + std::strerror(errno));
    }
  }

  // Returns the events that are ready; waits at most `timeout_ns` for the first.
  std::span<const epoll_event> wait(std::uint64_t timeout_ns) {
    const timespec timeout{.tv_sec = static_cast<time_t>(timeout_ns / 1'000'000'000),
                           .tv_nsec = static_cast<long>(timeout_ns % 1'000'000'000)};
    const int ready = ::epoll_pwait2(epoll_.get(), events_.data(), static_cast<int>(events_.size()),
                                     &timeout, nullptr);
    return std::span(events_).first(ready > 0 ? static_cast<std::size_t>(ready) : 0);
  }

 private:
  UniqueFd epoll_;
  std::array<epoll_event, 256> events_{};
};

}  // namespace wallaroo::giles
