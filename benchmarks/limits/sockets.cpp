#include "limits/sockets.hpp"

#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <system_error>
#include <thread>

#include <fmt/format.h>

namespace wallaroo::bench {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

using Resolved = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Resolved resolve(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos) throw std::runtime_error(address + " is not HOST:PORT");
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code =
      getaddrinfo(address.substr(0, colon).c_str(), address.c_str() + colon + 1, &hints, &found);
  if (code != 0) throw std::runtime_error(address + ": " + gai_strerror(code));
  return {found, &freeaddrinfo};
}

void set_no_delay(int fd) {
  const int on = 1;
  if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) fail("TCP_NODELAY");
}

void watch(int poll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl");
}

}  // namespace

int run_server(int argc, char** argv, const std::string& description,
               const std::function<void(const Addresses&)>& body) {
  CLI::App app(description);
  Addresses addresses;
  app.add_option("--listen", addresses.listen, "HOST:PORT to read from")->required();
  app.add_option("--out", addresses.out, "HOST:PORT to write to")->required();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  try {
    body(addresses);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", argv[0], error.what());
    return 1;
  }
}

int listen_on(const std::string& address) {
  const Resolved resolved = resolve(address);
  const int fd = socket(resolved->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("socket");
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, resolved->ai_addr, resolved->ai_addrlen) != 0 || listen(fd, 16) != 0) {
    fail("cannot listen on " + address);
  }
  return fd;
}

int connect_to(const std::string& address) {
  const Resolved resolved = resolve(address);
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  for (;;) {
    const int fd = socket(resolved->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) fail("socket");
    if (connect(fd, resolved->ai_addr, resolved->ai_addrlen) == 0) {
      set_no_delay(fd);
      return fd;
    }
    if (std::chrono::steady_clock::now() > give_up) fail("cannot connect to " + address);
    close(fd);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

void serve(int listener, const std::function<bool(int)>& take) {
  const int poll = epoll_create1(EPOLL_CLOEXEC);
  if (poll < 0) fail("epoll_create1");
  watch(poll, listener);
  std::size_t accepted_count = 0;
  std::size_t open = 0;
  while (accepted_count == 0 || open > 0) {
    std::array<epoll_event, 16> events;
    const int count = epoll_wait(poll, events.data(), events.size(), -1);
    if (count < 0 && errno != EINTR) fail("epoll_wait");
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == listener) {
        const int accepted = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (accepted < 0) fail("accept");
        set_no_delay(accepted);
        watch(poll, accepted);
        ++accepted_count;
        ++open;
      } else if (!take(fd)) {
        close(fd);
        --open;
      }
    }
  }
  close(poll);
}

void write_all(int fd, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t written = send(fd, data, size, MSG_NOSIGNAL);
    if (written < 0 && errno != EINTR) fail("write");
    if (written > 0) {
      data += written;
      size -= static_cast<std::size_t>(written);
    }
  }
}

}  // namespace wallaroo::bench
