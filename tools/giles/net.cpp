#include "giles/net.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

#include "giles/clock.hpp"
#include "giles/error.hpp"

namespace wallaroo::giles {
namespace {

constexpr std::uint64_t kRetryPause_ns = 50'000'000;

using Resolved = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Resolved resolve(const Address& address, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(address.port);
  const int error = ::getaddrinfo(address.host.c_str(), port.c_str(), &hints, &found);
  if (error != 0) {
    throw RuntimeError(
        fmt::format("cannot find the host '{}': {}", address.host, ::gai_strerror(error)));
  }
  return {found, &::freeaddrinfo};
}

UniqueFd open_socket(const addrinfo& target) {
  UniqueFd fd(::socket(target.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) throw RuntimeError(fmt::format("cannot open a socket: {}", std::strerror(errno)));
  return fd;
}

void set_no_delay(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

enum class Attempt { kConnected, kFailed, kStopped };

// Makes one attempt; when it fails, errno says why.
Attempt try_connect(int fd, const addrinfo& target, std::uint64_t end_ns, const StopRequest& stop) {
  if (::connect(fd, target.ai_addr, target.ai_addrlen) == 0) return Attempt::kConnected;
  if (errno != EINPROGRESS) return Attempt::kFailed;
  pollfd watched[] = {{.fd = fd, .events = POLLOUT, .revents = 0},
                      {.fd = stop.fd(), .events = POLLIN, .revents = 0}};
  const std::uint64_t now = now_ns();
  const std::uint64_t left_ms = now >= end_ns ? 0 : (end_ns - now) / 1'000'000 + 1;
  const int ready = ::poll(watched, 2, static_cast<int>(std::min<std::uint64_t>(left_ms, 1 << 30)));
  if (watched[1].revents != 0) return Attempt::kStopped;
  if (ready <= 0) {
    errno = ETIMEDOUT;
    return Attempt::kFailed;
  }
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  errno = error;
  return error == 0 ? Attempt::kConnected : Attempt::kFailed;
}

UniqueFd bind_and_listen(const ListenOptions& options, const addrinfo& target) {
  UniqueFd fd = open_socket(target);
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (const int bytes = options.receive_buffer_bytes; bytes > 0) {
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  }
  if (::bind(fd.get(), target.ai_addr, target.ai_addrlen) != 0 || ::listen(fd.get(), 4096) != 0) {
    return {};
  }
  return fd;
}

}  // namespace

std::string Address::text() const {
  const bool ipv6 = host.find(':') != std::string::npos;
  return ipv6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

Address parse_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const std::string_view port_text =
      colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
  std::string_view host = text.substr(0, std::min(colon, text.size()));
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const bool colon_in_host = host.find(':') != std::string_view::npos;
  std::uint16_t port = 0;
  const char* const port_end = port_text.data() + port_text.size();
  const auto [stop, error] = std::from_chars(port_text.data(), port_end, port);
  if (host.empty() || port_text.empty() || error != std::errc{} || stop != port_end ||
      (colon_in_host && !bracketed)) {
    throw UsageError(fmt::format(
        "'{}' is not host:port, as in 127.0.0.1:7010 or [::1]:7010 (port 0 to 65535)", text));
  }
  return {std::string(host), port};
}

UniqueFd connect_to(const Address& address, std::uint64_t timeout_ns, const StopRequest& stop) {
  const Resolved targets = resolve(address, 0);
  const std::uint64_t end_ns = now_ns() + timeout_ns;
  for (;;) {
    int error = 0;
    for (const addrinfo* target = targets.get(); target != nullptr; target = target->ai_next) {
      UniqueFd fd = open_socket(*target);
      const Attempt attempt = try_connect(fd.get(), *target, end_ns, stop);
      if (attempt == Attempt::kStopped) return {};
      if (attempt == Attempt::kConnected) {
        set_no_delay(fd.get());
        return fd;
      }
      error = errno;
    }
    if (now_ns() + kRetryPause_ns >= end_ns) {
      throw RuntimeError(
          fmt::format("cannot connect to {} within {:.3g} s: {}; is the application running and "
                      "listening there?",
                      address.text(), static_cast<double>(timeout_ns) / 1e9, std::strerror(error)));
    }
    if (stop.wait_for(kRetryPause_ns)) return {};
  }
}

UniqueFd listen_on(const ListenOptions& options) {
  const Resolved targets = resolve(options.address, AI_PASSIVE);
  for (const addrinfo* target = targets.get(); target != nullptr; target = target->ai_next) {
    if (UniqueFd fd = bind_and_listen(options, *target)) return fd;
  }
  throw RuntimeError(
      fmt::format("cannot listen on {}: {}", options.address.text(), std::strerror(errno)));
}

std::string local_address(int socket) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  char host[NI_MAXHOST];
  char port[NI_MAXSERV];
  auto* const address = reinterpret_cast<sockaddr*>(&bound);
  if (::getsockname(socket, address, &size) != 0 ||
      ::getnameinfo(address, size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    throw RuntimeError(
        fmt::format("cannot tell the address of a socket: {}", std::strerror(errno)));
  }
  const bool ipv6 = bound.ss_family == AF_INET6;
  return ipv6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

UniqueFd accept_one(int listener) {
  UniqueFd fd(::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!fd && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
    throw RuntimeError(fmt::format("cannot accept a connection: {}; raise the limit (ulimit -n)",
                                   std::strerror(errno)));
  }
  return fd;
}

void raise_open_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace wallaroo::giles
