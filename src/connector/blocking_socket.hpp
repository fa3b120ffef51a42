// A TCP connection for a program that may block its thread.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "io/file_descriptor.hpp"

namespace wallaroo::internal {

/// Connects to the first address of the host that answers within `timeout`. Throws IoError when
/// none does, and ConfigError for an address that makes no sense.
FileDescriptor connect_blocking(const std::string& address, std::chrono::milliseconds timeout);

/// Waits for at most `timeout` until the socket can be read, or is broken; returns false otherwise.
bool wait_readable(int socket, std::chrono::milliseconds timeout);

/// Appends the bytes that have arrived. Throws IoError when the other side is gone.
void receive_into(std::string& bytes, int socket);

/// Sends all bytes. Appends what arrives meanwhile to `received`, because two sides that both send
/// and do not read would wait for each other. Throws IoError when the connection breaks.
void send_all(int socket, std::string_view bytes, std::string& received);

/// Sends as much of `word` as the socket takes at once, and closes the sending side. Then reads and
/// drops what the other side sends until it closes, for at most `timeout`: closing a socket that
/// has unread bytes resets the connection, and the other side could lose the last word.
void say_last_word(int socket, std::string_view word, std::chrono::milliseconds timeout);

}  // namespace wallaroo::internal
