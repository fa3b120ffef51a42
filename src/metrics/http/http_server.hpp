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

/// Makes a page. An exception from it becomes a 500.
using HttpHandler = std::function<HttpResponse()>;

/// A page that takes long to make is `slow`: it is made on a second thread, one page at a time, so
/// that quick pages never wait for it. Requests that arrive before its handler is called share the
/// result. A slow page is sent compressed to clients that ask for gzip.
struct HttpRoute {
  HttpHandler handler;
  bool slow = false;
};
/// The pages by path ("/metrics"). The query part of a request's target is ignored.
using HttpRoutes = std::map<std::string, HttpRoute>;

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
  /// Throws ConfigError when `address` is not of the form "host:port".
  HttpServer(const std::string& address, HttpRoutes routes, HttpLimits limits = {});
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
