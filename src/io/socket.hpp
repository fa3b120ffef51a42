// TCP sockets: listening, accepting, connecting, moving bytes. Only `listen_tcp` may wait.
#pragma once

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "io/address.hpp"
#include "io/file_descriptor.hpp"

namespace wallaroo::internal {

/// The operating system's text for an errno, in lower case: "connection refused".
std::string error_text(int error);

/// The result of a read or write: the number of bytes moved, or an errno.
struct IoResult {
  std::size_t bytes = 0;
  int error = 0;

  bool would_block() const { return error == EAGAIN; }
  /// True for a read when the other side sends nothing more.
  bool at_end() const { return error == 0 && bytes == 0; }
};

/// Reads up to `size` bytes (at least 1) that have arrived.
IoResult receive_some(int socket, char* data, std::size_t size);
/// Sends as many of the bytes as the socket takes now. A peer that is gone is an error (EPIPE,
/// ECONNRESET), never a SIGPIPE.
IoResult send_some(int socket, std::string_view bytes);

/// Reads what has arrived into one piece of memory, and what does not fit there into another. They
/// must not both be empty.
IoResult receive_into(int socket, std::span<char> first, std::span<char> second);
/// Sends as many of the bytes of several pieces as the socket takes now; of more than 64 pieces
/// only the first ones.
IoResult send_pieces(int socket, std::span<const std::string_view> pieces);
/// Sends small messages at once, and gives up the connection when what was sent is not acknowledged
/// for so long. Sockets that are not of TCP are left as they are.
void set_prompt(int socket, std::chrono::milliseconds longest_silence);

/// Returns a non-blocking listening socket. A name with several addresses is bound at the first
/// that works, IPv4 before IPv6. The lookup may take a while, so call this only while starting.
/// Throws ConfigError for a malformed address, IoError when the system refuses.
FileDescriptor listen_tcp(const std::string& address);

struct Accepted {
  FileDescriptor socket;  ///< non-blocking; empty when `error` is set
  SocketAddress peer;
  int error = 0;  ///< 0 or an errno; EAGAIN when no connection is waiting
};
Accepted accept_tcp(int listener);

struct Connecting {
  FileDescriptor socket;  ///< non-blocking, without Nagle's delay; empty when `error` is set
  int error = 0;          ///< 0, or the errno of an immediate refusal
};
/// Begins to connect. Call `finish_connect` when the socket becomes writable or reports an error.
Connecting start_connect(const SocketAddress& address);
/// Returns 0 when connected, EINPROGRESS when that is still undecided, otherwise the errno of the
/// failure. A socket that the kernel has connected to itself (possible when nobody listens on a
/// port of the ephemeral range) counts as refused.
int finish_connect(int socket);

/// Throw IoError for a descriptor that is not a connected or listening socket.
SocketAddress local_address(int socket);
SocketAddress peer_address(int socket);

}  // namespace wallaroo::internal
