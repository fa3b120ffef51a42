// A small HTTP/1.1 server for operators: metrics and health, never user data.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace wallaroo::internal {

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

/// Called on the server's thread, one call at a time. What it throws becomes a 500.
using HttpHandler = std::function<HttpResponse()>;
/// From path ("/metrics") to handler. The query part of a request's target is ignored.
using HttpRoutes = std::map<std::string, HttpHandler>;

struct HttpLimits {
  std::size_t max_header_bytes = 8 * 1024;
  std::size_t max_connections = 64;  ///< further clients wait in the listen backlog
  /// For reading a request, writing a response, and waiting for the next one.
  std::chrono::milliseconds timeout{10'000};
};

/// Answers GET and HEAD on one thread of its own. Malformed, oversized, slow or too many requests
/// cost their senders the connection and nobody else anything.
class HttpServer {
 public:
  /// Throws ConfigError when `address` is not of the form "host:port".
  HttpServer(const std::string& address, HttpRoutes routes, HttpLimits limits = {});
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer();

  /// Binds and answers from then on. Throws IoError when the address cannot be used.
  void start();
  /// Closes every connection and joins the thread; waits at most for a handler that is running.
  void stop();
  /// The address bound, with the port that the kernel chose for port 0. Only after `start`.
  std::string address() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wallaroo::internal
