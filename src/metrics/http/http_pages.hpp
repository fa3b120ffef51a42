// Makes the pages of the HTTP server, and slow pages on a separate thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "metrics/http/http_server.hpp"

namespace wallaroo::internal {

/// A page that was made, which several clients may share.
struct HttpPage {
  HttpResponse response;
  std::string compressed;  ///< the body as gzip; empty when nobody asked or it is not worth it
};
using HttpPagePtr = std::shared_ptr<const HttpPage>;

class HttpPages {
 public:
  using Receiver = std::function<void(HttpPagePtr)>;

  explicit HttpPages(HttpRoutes routes) : routes_(std::move(routes)) {}
  HttpPages(const HttpPages&) = delete;
  HttpPages& operator=(const HttpPages&) = delete;
  ~HttpPages() { stop(); }

  /// Starts the thread of the slow pages.
  void start();
  /// Waits for a handler that is running. Receivers that have not been called are destroyed on the
  /// calling thread, and never called.
  void stop();

  /// Calls `receive` with the page for a request's target: at once, or for a slow page later, from
  /// the thread that makes slow pages. A target without a page gets a 404 that lists the pages.
  void request(const std::string& target, bool gzip, Receiver receive);

 private:
  struct Wanted {
    bool gzip = false;
    std::vector<Receiver> receivers;
  };

  void run();

  // Constant after construction.
  HttpRoutes routes_;

  // Guarded by mutex_.
  std::map<std::string, Wanted> wanted_;  ///< slow pages, by path
  bool stopping_ = false;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::thread thread_;
};

}  // namespace wallaroo::internal
