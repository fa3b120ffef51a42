#include "giles/stop.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

#include <cerrno>
#include <cstring>

#include "giles/clock.hpp"
#include "giles/error.hpp"

namespace wallaroo::giles {
namespace {

UniqueFd signal_fd() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGINT);
  ::sigaddset(&set, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return UniqueFd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

}  // namespace

StopRequest::StopRequest()
    : signals_(signal_fd()),
      event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      either_(::epoll_create1(EPOLL_CLOEXEC)) {
  epoll_event event{};
  event.events = EPOLLIN;
  if (!signals_ || !event_ || !either_ ||
      ::epoll_ctl(either_.get(), EPOLL_CTL_ADD, signals_.get(), &event) != 0 ||
      ::epoll_ctl(either_.get(), EPOLL_CTL_ADD, event_.get(), &event) != 0) {
    throw RuntimeError(fmt::format("cannot watch for signals: {}", std::strerror(errno)));
  }
}

void StopRequest::request() { ::eventfd_write(event_.get(), 1); }

bool StopRequest::requested() const { return wait_for(0); }

bool StopRequest::wait_for(std::uint64_t duration_ns) const {
  const std::uint64_t end_ns = now_ns() + duration_ns;
  for (std::uint64_t left_ns = duration_ns;;) {
    pollfd watched{.fd = fd(), .events = POLLIN, .revents = 0};
    const timespec timeout{.tv_sec = static_cast<time_t>(left_ns / 1'000'000'000),
                           .tv_nsec = static_cast<long>(left_ns % 1'000'000'000)};
    const int ready = ::ppoll(&watched, 1, &timeout, nullptr);
    if (ready > 0) return true;
    const std::uint64_t now = now_ns();
    if (ready == 0 || now >= end_ns) return false;
    left_ns = end_ns - now;
  }
}

}  // namespace wallaroo::giles
