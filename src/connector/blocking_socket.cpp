#include "connector/blocking_socket.hpp"

#include <cerrno>

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <wallaroo/types/error.hpp>

#include "io/resolver.hpp"
#include "io/socket.hpp"

namespace wallaroo::internal {
namespace {

constexpr std::size_t read_bytes = 64 * 1024;

/// Waits for any of `events` and returns those that have happened; 0 after the timeout.
int wait_for(int socket, int events, std::chrono::milliseconds timeout) {
  pollfd waiting{socket, static_cast<short>(events), 0};
  const int ready = ::poll(&waiting, 1, static_cast<int>(timeout.count()));
  if (ready < 0 && errno != EINTR) {
    throw IoError("cannot wait for a connection: " + error_text(errno));
  }
  return ready > 0 ? waiting.revents : 0;
}

int connect_error(const SocketAddress& address, std::chrono::milliseconds timeout,
                  FileDescriptor& socket) {
  Connecting connecting = start_connect(address);
  if (connecting.error != 0) {
    return connecting.error;
  }
  if (wait_for(connecting.socket.get(), POLLOUT, timeout) == 0) {
    return ETIMEDOUT;
  }
  socket = std::move(connecting.socket);
  return finish_connect(socket.get());
}

}  // namespace

FileDescriptor connect_blocking(const std::string& address, std::chrono::milliseconds timeout) {
  int error = 0;
  for (const SocketAddress& each : resolve_now(parse_host_port(address))) {
    FileDescriptor socket;
    error = connect_error(each, timeout, socket);
    if (error == 0) {
      return socket;
    }
  }
  throw IoError(fmt::format("cannot connect to {}: {}", address, error_text(error)));
}

bool wait_readable(int socket, std::chrono::milliseconds timeout) {
  return wait_for(socket, POLLIN, timeout) != 0;
}

void receive_into(std::string& bytes, int socket) {
  const std::size_t before = bytes.size();
  bytes.resize(before + read_bytes);
  const IoResult result = receive_some(socket, bytes.data() + before, read_bytes);
  bytes.resize(before + result.bytes);
  if (result.at_end()) {
    throw IoError("the other side has closed the connection");
  }
  if (result.error != 0 && !result.would_block()) {
    throw IoError("the connection broke: " + error_text(result.error));
  }
}

void send_all(int socket, std::string_view bytes, std::string& received) {
  while (!bytes.empty()) {
    const IoResult result = send_some(socket, bytes);
    bytes.remove_prefix(result.bytes);
    if (result.error != 0 && !result.would_block()) {
      throw IoError("the connection broke: " + error_text(result.error));
    }
    if (!bytes.empty()) {
      constexpr std::chrono::milliseconds for_ever{-1};
      if ((wait_for(socket, POLLIN | POLLOUT, for_ever) & POLLIN) != 0) {
        receive_into(received, socket);
      }
    }
  }
}

void say_last_word(int socket, std::string_view word, std::chrono::milliseconds timeout) {
  const auto give_up = std::chrono::steady_clock::now() + timeout;
  (void)send_some(socket, word);
  (void)::shutdown(socket, SHUT_WR);
  try {
    for (;;) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(give_up - std::chrono::steady_clock::now());
      if (left.count() <= 0 || !wait_readable(socket, left)) {
        return;
      }
      std::string dropped;
      receive_into(dropped, socket);
    }
  } catch (const IoError&) {
    return;  // the other side has closed
  }
}

}  // namespace wallaroo::internal
