// Socket functions for the writers of connected sinks.
#pragma once

#include <span>

#include <sys/uio.h>

#include "io/socket.hpp"

namespace wallaroo::internal {

/// Like `send_some`, for several parts.
IoResult send_parts(int socket, std::span<iovec> parts);
/// Bytes (and the end of the stream, which counts as one) that the peer's machine has not
/// acknowledged.
int unacknowledged_bytes(int socket);

}  // namespace wallaroo::internal
