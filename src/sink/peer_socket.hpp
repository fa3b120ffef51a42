// What the writers of connected sinks ask of their sockets.
#pragma once

#include <span>

#include <sys/uio.h>

#include "io/socket.hpp"

namespace wallaroo::internal {

/// As `send_some`, of several parts.
IoResult send_parts(int socket, std::span<iovec> parts);
/// Bytes (and the end of the stream, which counts as one) that the peer's machine has not
/// acknowledged.
int unacknowledged_bytes(int socket);

}  // namespace wallaroo::internal
