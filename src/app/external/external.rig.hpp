// For tests: a tool that talks to the external channel.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include "app/external/external_message.hpp"
#include "io/address.hpp"

namespace wallaroo::internal {

/// A tool that talks to the channel.
class Tool {
 public:
  explicit Tool(const std::string& address) {
    const HostPort host_port = parse_host_port(address);
    const SocketAddress to = *numeric_address(host_port);
    socket_ = ::socket(to.family(), SOCK_STREAM, 0);
    connected_ = ::connect(socket_, to.data(), to.length()) == 0;
  }
  Tool(const Tool&) = delete;
  Tool& operator=(const Tool&) = delete;
  ~Tool() { ::close(socket_); }

  bool connected() const { return connected_; }
  void send(std::string_view bytes) const {
    ASSERT_EQ(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  void send(ExternalId id, std::string body = {}) const { send(encode({id, std::move(body)})); }
  /// The next answer; nothing when the channel has closed the connection.
  std::optional<ExternalMessage> answer() {
    for (;;) {
      if (auto message = reader_.next()) {
        return message;
      }
      std::array<char, 4096> bytes;
      const ssize_t got = ::recv(socket_, bytes.data(), bytes.size(), 0);
      if (got <= 0) {
        return std::nullopt;
      }
      reader_.append({bytes.data(), static_cast<std::size_t>(got)});
    }
  }
  boost::json::object ask(ExternalId id, std::string body = {}) {
    send(id, std::move(body));
    return boost::json::parse(answer()->body).as_object();
  }

 private:
  int socket_;
  bool connected_ = false;
  ExternalReader reader_;
};

}  // namespace wallaroo::internal
