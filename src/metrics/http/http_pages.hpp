// Makes the pages of the HTTP server, and slow pages on a separate thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "metrics/http/http_request.hpp"

namespace wallaroo::internal {

/// A page that was made, which several clients may share.
using HttpPagePtr = std::shared_ptr<const HttpResponse>;

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

  /// Calls `receive` with the page: at once, or for a slow page later, from the thread that makes
  /// slow pages. A path without a page gets a 404 that lists the pages.
  void request(HttpRequest request, bool gzip, Receiver receive);
  /// The page is answered whatever host the client asks for.
  bool any_host(const std::string& path) const;

 private:
  using Key = std::pair<std::string, std::map<std::string, std::string, std::less<>>>;
  struct Wanted {
    HttpRequest request;
    bool gzip = false;
    std::vector<Receiver> receivers;
  };

  void run();

  // Constant after construction.
  HttpRoutes routes_;

  // Guarded by mutex_.
  std::map<Key, Wanted> wanted_;  ///< slow pages, by path and query
  bool stopping_ = false;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::thread thread_;
};

}  // namespace wallaroo::internal
