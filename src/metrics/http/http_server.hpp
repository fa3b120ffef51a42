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

/// Makes a page. What it throws becomes a 500.
using HttpHandler = std::function<HttpResponse()>;

/// A page that takes long to make is `slow`: it is made on a second thread, one page at a time, so
/// that the quick ones never wait for it. Requests that come before its handler is called share
/// what that returns. A slow page is sent compressed to clients that ask for gzip.
struct HttpRoute {
  HttpHandler handler;
  bool slow = false;
};
/// From path ("/metrics") to page. The query part of a request's target is ignored.
using HttpRoutes = std::map<std::string, HttpRoute>;

struct HttpLimits {
  std::size_t max_header_bytes = 8 * 1024;
  /// A further client takes the place of the one that has said nothing for longest; when all are
  /// being answered, of the one whose answer began first.
  std::size_t max_connections = 128;
  /// For reading a request, for writing a response, and for waiting for the next request.
  std::chrono::milliseconds timeout{10'000};
};

/// Answers GET and HEAD on a thread of its own. Malformed, oversized, slow or too many requests
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
  /// Closes every connection and joins the threads; waits at most for a handler that is running.
  void stop();
  /// The address bound, with the port that the kernel chose for port 0. Only after `start`.
  std::string address() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wallaroo::internal
