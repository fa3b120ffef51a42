#include "io/address.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>

#include <wallaroo/types/error.hpp>

namespace wallaroo::internal {
namespace {

[[noreturn]] void reject(std::string_view text, std::string_view reason) {
  throw ConfigError(fmt::format("'{}' is not an address: {}", text, reason));
}

std::uint16_t parse_port(std::string_view text, std::string_view digits) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size()) {
    reject(text, fmt::format("'{}' is not a port (a number from 0 to 65535)", digits));
  }
  return port;
}

HostPort parse_bracketed(std::string_view text) {
  const std::size_t close = text.find(']');
  if (close == std::string_view::npos) {
    reject(text, "the ']' is missing; write an IPv6 address as [::1]:7010");
  }
  const std::string_view rest = text.substr(close + 1);
  if (close == 1 || rest.size() < 2 || rest.front() != ':') {
    reject(text, "write an IPv6 address as [::1]:7010");
  }
  HostPort parsed{std::string(text.substr(1, close - 1)), parse_port(text, rest.substr(1))};
  const auto numeric = numeric_address(parsed);
  if (!numeric || numeric->family() != AF_INET6) {
    reject(text, fmt::format("'{}' in the brackets is not an IPv6 address", parsed.host));
  }
  return parsed;
}

}  // namespace

HostPort parse_host_port(std::string_view text) {
  if (text.empty()) {
    reject(text, "it is empty; write host:port, for example 127.0.0.1:7010");
  }
  constexpr std::string_view in_no_address(" \t\r\n/\0", 6);
  if (text.find_first_of(in_no_address) != std::string_view::npos) {
    reject(text, "write only host:port, for example 127.0.0.1:7010");
  }
  if (text.front() == '[') {
    return parse_bracketed(text);
  }
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    reject(text, "the port is missing; write host:port, for example 127.0.0.1:7010");
  }
  if (text.find(':', colon + 1) != std::string_view::npos) {
    reject(text, "it has several ':'; write an IPv6 address in brackets: [::1]:7010");
  }
  if (colon == 0) {
    reject(text, "the host is missing; 0.0.0.0:7010 means all interfaces");
  }
  return {std::string(text.substr(0, colon)), parse_port(text, text.substr(colon + 1))};
}

std::string HostPort::to_string() const {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                             : fmt::format("[{}]:{}", host, port);
}

SocketAddress::SocketAddress(const sockaddr* address, socklen_t length)
    : length_(std::min<socklen_t>(length, sizeof(storage_))) {
  std::memcpy(&storage_, address, length_);
}

std::string SocketAddress::to_string() const {
  char host[NI_MAXHOST];
  char port[NI_MAXSERV];
  if (length_ == 0 || ::getnameinfo(data(), length_, host, sizeof(host), port, sizeof(port),
                                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return "unknown address";
  }
  return fmt::format(family() == AF_INET6 ? fmt::runtime("[{}]:{}") : fmt::runtime("{}:{}"), host,
                     port);
}

std::optional<SocketAddress> numeric_address(const HostPort& host_port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(host_port.port);
  if (::getaddrinfo(host_port.host.c_str(), port.c_str(), &hints, &found) != 0) {
    return std::nullopt;
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  return SocketAddress(found->ai_addr, found->ai_addrlen);
}

}  // namespace wallaroo::internal
