// TCP sockets: listening, accepting, connecting, moving bytes. Nothing here waits.
#pragma once

#include <cerrno>
#include <cstddef>
#include <string>
#include <string_view>

#include "io/address.hpp"
#include "io/file_descriptor.hpp"

namespace wallaroo::internal {

/// What the operating system says about an errno, in lower case: "connection refused".
std::string error_text(int error);

/// How a read or write went: the bytes moved, or an errno.
struct IoResult {
  std::size_t bytes = 0;
  int error = 0;

  bool would_block() const { return error == EAGAIN; }
  /// Of a read: the other side sends nothing more.
  bool at_end() const { return error == 0 && bytes == 0; }
};

/// At most `size` bytes (at least 1) that have arrived.
IoResult receive_some(int socket, char* data, std::size_t size);
/// As many of the bytes as the socket takes now. A peer that is gone is an error (EPIPE,
/// ECONNRESET), never a SIGPIPE.
IoResult send_some(int socket, std::string_view bytes);

/// A listening socket, non-blocking. A name that stands for several addresses is bound at the first
/// that works, IPv4 before IPv6; looking it up may take a while, so only call this while starting.
/// Throws ConfigError for a malformed address, IoError when the system refuses.
FileDescriptor listen_tcp(const std::string& address);

struct Accepted {
  FileDescriptor socket;  ///< non-blocking; empty when `error` is set
  SocketAddress peer;
  int error = 0;  ///< EAGAIN: nobody is waiting
};
Accepted accept_tcp(int listener);

struct Connecting {
  FileDescriptor socket;  ///< non-blocking, without Nagle's delay; empty when `error` is set
  int error = 0;          ///< an immediate refusal
};
/// Begins to connect. When the socket becomes writable or reports an error, ask `finish_connect`.
Connecting start_connect(const SocketAddress& address);
/// 0 when connected, EINPROGRESS when it is too early to say, else why it failed. A socket that
/// the kernel has connected to itself (it may, when nobody listens on a port of the ephemeral
/// range) counts as refused.
int finish_connect(int socket);

/// Throw IoError, which only a descriptor that is not a connected socket gives.
SocketAddress local_address(int socket);
SocketAddress peer_address(int socket);

}  // namespace wallaroo::internal
