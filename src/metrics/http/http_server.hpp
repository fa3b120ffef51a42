// A small HTTP/1.1 server for operators.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "metrics/http/http_request.hpp"

namespace wallaroo::internal {

struct HttpLimits {
  std::size_t max_header_bytes = 8 * 1024;
  /// A further client replaces the one that has been silent for longest or, when all are being
  /// answered, the one whose answer began first.
  std::size_t max_connections = 128;
  /// Applies to reading a request, to writing a response, and to waiting for the next request.
  std::chrono::milliseconds timeout{10'000};
};

/// Answers GET and HEAD on a thread of its own. Malformed, oversized, slow or too many requests
/// cost their senders the connection, and do not affect other clients.
class HttpServer {
 public:
  /// `names` are further names under which clients reach the server, see host_is_ours. Throws
  /// ConfigError when `address` is not of the form "host:port".
  HttpServer(const std::string& address, HttpRoutes routes, HttpLimits limits = {},
             std::vector<std::string> names = {});
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer();

  /// Binds the address and begins to answer. Throws IoError when the address cannot be used.
  void start();
  /// Closes every connection and joins the threads; waits at most for a handler that is running.
  void stop();
  /// The bound address, with the port that the kernel chose for port 0. Call it only after `start`.
  std::string address() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wallaroo::internal
