// A server with pages of all kinds, and a client that sends any bytes.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "metrics/http/http_server.hpp"

namespace wallaroo::internal {

/// A blocking client that sends any bytes.
class Client {
 public:
  explicit Client(const std::string& address) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port =
        htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.find(':') + 1))));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
      throw std::runtime_error("connect");
    }
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { ::close(fd_); }

  bool send(std::string_view bytes) {
    return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }
  /// Reads until the server closes.
  std::string read_all() {
    while (read_more()) {
    }
    return received_;
  }
  /// Reads the next response, which must have a Content-Length.
  std::string read_response() {
    std::size_t end = std::string::npos;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
      if (!read_more()) {
        return received_;
      }
    }
    const auto field = received_.find("Content-Length: ");
    const std::size_t length = end + 4 + std::stoul(received_.substr(field + 16));
    while (received_.size() < length && read_more()) {
    }
    const std::string response = received_.substr(0, length);
    received_.erase(0, length);
    return response;
  }

 private:
  bool read_more() {
    char bytes[4096];
    const ssize_t n = ::recv(fd_, bytes, sizeof bytes, 0);
    received_.append(bytes, n > 0 ? static_cast<std::size_t>(n) : 0);
    return n > 0;
  }
  int fd_;
  std::string received_;
};

inline HttpRoutes test_routes() {
  HttpRoutes routes;
  routes["/hello"].handler = [](const HttpRequest&) { return HttpResponse{.body = "hello\n"}; };
  routes["/broken"].handler = [](const HttpRequest&) -> HttpResponse {
    throw std::runtime_error("no luck");
  };
  routes["/odd"].handler = [](const HttpRequest&) -> HttpResponse { throw 7; };
  routes["/big"].handler = [](const HttpRequest&) {
    return HttpResponse{.body = std::string(8 << 20, 'x')};
  };
  routes["/slow"] = {
      .handler = [](const HttpRequest&) { return HttpResponse{.body = std::string(100'000, 's')}; },
      .slow = true};
  routes["/slow/broken"] = {
      .handler = [](const HttpRequest&) -> HttpResponse { throw std::runtime_error("slowly"); },
      .slow = true};
  routes["/kept"].handler = [](const HttpRequest&) {
    return HttpResponse{.body = "kept\n", .etag = "abc1"};
  };
  routes["/open"] = {.handler = [](const HttpRequest&) { return HttpResponse{.body = "open\n"}; },
                     .any_host = true};
  routes["/echo"] = {.handler =
                         [](const HttpRequest& request) {
                           return HttpResponse{.body = request.parameter("text")};
                         },
                     .slow = true};
  return routes;
}

/// Sends one request on a new connection and returns the response.
inline std::string ask(const HttpServer& server, const std::string& request) {
  Client client(server.address());
  client.send(request);
  return client.read_all();
}

inline std::string get(const HttpServer& server, const std::string& path) {
  return ask(server, "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
}

class RunningServer : public testing::Test {
 protected:
  RunningServer() { server.start(); }
  HttpServer server{"127.0.0.1:0", test_routes(), {}, {"ui.example"}};
};

}  // namespace wallaroo::internal
