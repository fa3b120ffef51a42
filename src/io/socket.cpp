#include "io/socket.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <wallaroo/types/error.hpp>

#include "io/resolver.hpp"

namespace wallaroo::internal {
namespace {

void enable(int socket, int level, int option) {
  const int on = 1;
  // This fails only for a broken socket, which the next read or write reports.
  (void)::setsockopt(socket, level, option, &on, sizeof(on));
}

FileDescriptor open_tcp(int family) {
  return FileDescriptor(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

/// Returns an empty descriptor and sets errno when the system refuses.
FileDescriptor try_listen(const SocketAddress& address) {
  FileDescriptor socket = open_tcp(address.family());
  if (!socket) {
    return {};
  }
  enable(socket.get(), SOL_SOCKET, SO_REUSEADDR);
  if (::bind(socket.get(), address.data(), address.length()) != 0 ||
      ::listen(socket.get(), SOMAXCONN) != 0) {
    const int error = errno;
    socket.reset();
    errno = error;
  }
  return socket;
}

std::string_view advice(int error) {
  switch (error) {
    case EADDRINUSE:
      return " (is another instance running?)";
    case EACCES:
      return " (ports below 1024 need a privilege; choose a higher one)";
    case EADDRNOTAVAIL:
      return " (this machine has no such address; 0.0.0.0 means all of its interfaces)";
    case EMFILE:
    case ENFILE:
      return " (raise the limit of open files: ulimit -n)";
    default:
      return "";
  }
}

SocketAddress name_of(int socket, int (*ask)(int, sockaddr*, socklen_t*)) {
  sockaddr_storage storage{};
  socklen_t length = sizeof(storage);
  if (ask(socket, reinterpret_cast<sockaddr*>(&storage), &length) != 0) {
    throw IoError(
        fmt::format("cannot find the address of descriptor {}: {}", socket, error_text(errno)));
  }
  return {reinterpret_cast<const sockaddr*>(&storage), length};
}

bool connected_to_itself(int socket) {
  const SocketAddress local = local_address(socket);
  const SocketAddress peer = peer_address(socket);
  return local.length() == peer.length() &&
         std::memcmp(local.data(), peer.data(), local.length()) == 0;
}

template <class Call>
IoResult repeat_interrupted(Call call) {
  for (;;) {
    const ssize_t moved = call();
    if (moved >= 0) {
      return {static_cast<std::size_t>(moved), 0};
    }
    if (errno != EINTR) {
      return {0, errno};
    }
  }
}

}  // namespace

std::string error_text(int error) {
  std::string text = std::generic_category().message(error);
  if (text.size() > 1 && std::islower(static_cast<unsigned char>(text[1])) != 0) {
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  }
  return text;
}

IoResult receive_some(int socket, char* data, std::size_t size) {
  return repeat_interrupted([&] { return ::recv(socket, data, size, MSG_DONTWAIT); });
}

IoResult send_some(int socket, std::string_view bytes) {
  return repeat_interrupted(
      [&] { return ::send(socket, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL); });
}

IoResult receive_into(int socket, std::span<char> first, std::span<char> second) {
  std::array<iovec, 2> pieces{{{first.data(), first.size()}, {second.data(), second.size()}}};
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = pieces.size();
  return repeat_interrupted([&] { return ::recvmsg(socket, &message, MSG_DONTWAIT); });
}

IoResult send_pieces(int socket, std::span<const std::string_view> pieces) {
  std::array<iovec, 64> vectors;
  const std::size_t count = std::min(pieces.size(), vectors.size());
  for (std::size_t i = 0; i < count; ++i) {
    vectors[i] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};
  }
  msghdr message{};
  message.msg_iov = vectors.data();
  message.msg_iovlen = count;
  return repeat_interrupted(
      [&] { return ::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL); });
}

void set_prompt(int socket, std::chrono::milliseconds longest_silence) {
  enable(socket, IPPROTO_TCP, TCP_NODELAY);
  const auto silence = static_cast<unsigned int>(longest_silence.count());
  (void)::setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &silence, sizeof(silence));
}

FileDescriptor listen_tcp(const std::string& address) {
  std::vector<SocketAddress> candidates;
  try {
    candidates = resolve_now(parse_host_port(address));
  } catch (const IoError& error) {
    throw IoError(fmt::format("cannot listen on {}: {}", address, error.what()));
  }
  std::stable_partition(candidates.begin(), candidates.end(),
                        [](const SocketAddress& each) { return each.family() == AF_INET; });
  int error = 0;
  for (const SocketAddress& candidate : candidates) {
    if (FileDescriptor socket = try_listen(candidate)) {
      return socket;
    }
    error = error == 0 ? errno : error;
  }
  throw IoError(
      fmt::format("cannot listen on {}: {}{}", address, error_text(error), advice(error)));
}

Accepted accept_tcp(int listener) {
  sockaddr_storage storage{};
  socklen_t length = sizeof(storage);
  const int fd = ::accept4(listener, reinterpret_cast<sockaddr*>(&storage), &length,
                           SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) {
    return {{}, {}, errno};
  }
  // Without keep-alive a peer whose machine has vanished would hold its place for ever.
  enable(fd, SOL_SOCKET, SO_KEEPALIVE);
  return {FileDescriptor(fd), {reinterpret_cast<const sockaddr*>(&storage), length}, 0};
}

Connecting start_connect(const SocketAddress& address) {
  FileDescriptor socket = open_tcp(address.family());
  if (!socket) {
    return {{}, errno};
  }
  enable(socket.get(), IPPROTO_TCP, TCP_NODELAY);
  enable(socket.get(), SOL_SOCKET, SO_KEEPALIVE);
  if (::connect(socket.get(), address.data(), address.length()) != 0 && errno != EINPROGRESS &&
      errno != EINTR) {
    return {{}, errno};
  }
  return {std::move(socket), 0};
}

int finish_connect(int socket) {
  int error = 0;
  socklen_t length = sizeof(error);
  if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length) != 0) {
    return errno;
  }
  if (error != 0) {
    return error;
  }
  sockaddr_storage storage{};
  length = sizeof(storage);
  if (::getpeername(socket, reinterpret_cast<sockaddr*>(&storage), &length) != 0) {
    return errno == ENOTCONN ? EINPROGRESS : errno;
  }
  return connected_to_itself(socket) ? ECONNREFUSED : 0;
}

SocketAddress local_address(int socket) { return name_of(socket, &::getsockname); }

SocketAddress peer_address(int socket) { return name_of(socket, &::getpeername); }

}  // namespace wallaroo::internal
