// A TCP connection for a program with one thread that may wait.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "io/file_descriptor.hpp"

namespace wallaroo::internal {

/// Connects to the first address of the host that answers within `timeout`. Throws IoError, and
/// ConfigError for an address that makes no sense.
FileDescriptor connect_blocking(const std::string& address, std::chrono::milliseconds timeout);

/// Whether the socket can be read (or is broken) within `timeout`.
bool wait_readable(int socket, std::chrono::milliseconds timeout);

/// Appends what has arrived. Throws IoError when the other side is gone.
void receive_into(std::string& bytes, int socket);

/// Sends all of it. What arrives meanwhile is appended to `received`, so that two sides
/// that both want to send do not wait for each other. Throws IoError.
void send_all(int socket, std::string_view bytes, std::string& received);

/// Sends what the socket takes of a last word, and closes the sending side. Then reads and drops
/// what the other side still sends until it closes, for at most so long: closing a socket with bytes
/// that nobody has read resets the connection, and the other side may lose what it was sent last.
void say_last_word(int socket, std::string_view word, std::chrono::milliseconds timeout);

}  // namespace wallaroo::internal
