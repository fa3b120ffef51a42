#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "giles/stop.hpp"
#include "giles/unique_fd.hpp"

namespace wallaroo::giles {

struct Address {
  std::string host;
  std::uint16_t port = 0;

  std::string text() const;  // "127.0.0.1:7010", "[::1]:7010"
};

// "host:port", "[ipv6]:port". Throws UsageError.
Address parse_address(std::string_view text);

// Returns a connected, non-blocking socket without Nagle's delay. Tries again while the peer is not
// there; throws RuntimeError when `timeout_ns` has passed. Returns no socket when a stop is
// requested while it tries.
UniqueFd connect_to(const Address& address, std::uint64_t timeout_ns, const StopRequest& stop);

struct ListenOptions {
  Address address;               // port 0: the kernel picks one
  int receive_buffer_bytes = 0;  // 0: the kernel's own choice
};

// A listening, non-blocking socket. Throws RuntimeError.
UniqueFd listen_on(const ListenOptions& options);

// The address that a socket is bound to.
std::string local_address(int socket);

// Accepts the next waiting connection, non-blocking; returns no socket when none waits. Throws
// RuntimeError when the process is out of file descriptors.
UniqueFd accept_one(int listener);

// Raises the limit of open files to the highest that this process may have.
void raise_open_file_limit();

}  // namespace wallaroo::giles
