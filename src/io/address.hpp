// Network addresses, in the form that people write and in that of the operating system.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <sys/socket.h>

namespace wallaroo::internal {

/// The parts of "host:port"; `host` is a name or a numeric address (IPv6 without its brackets).
struct HostPort {
  std::string host;
  std::uint16_t port = 0;

  /// Returns "host:port", or "[host]:port" for IPv6.
  std::string to_string() const;
  bool operator==(const HostPort&) const = default;
};

/// Accepts "127.0.0.1:7010", "[::1]:7010", "db.example:7010". Throws ConfigError saying what is
/// wrong with the text and how it should look.
HostPort parse_host_port(std::string_view text);

/// An address that needs no further lookup.
class SocketAddress {
 public:
  SocketAddress() = default;
  SocketAddress(const sockaddr* address, socklen_t length);

  const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t length() const { return length_; }
  int family() const { return storage_.ss_family; }
  /// "1.2.3.4:5" or "[::1]:5".
  std::string to_string() const;

 private:
  sockaddr_storage storage_{};
  socklen_t length_ = 0;
};

/// Returns the address when the host is numeric, otherwise nothing. Never waits.
std::optional<SocketAddress> numeric_address(const HostPort& host_port);

}  // namespace wallaroo::internal
