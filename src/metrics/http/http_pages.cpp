#include "metrics/http/http_pages.hpp"

#include <cstddef>
#include <exception>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "metrics/http/gzip.hpp"

namespace wallaroo::internal {

namespace {

std::string unknown_path_text(std::string_view path, const HttpRoutes& routes) {
  std::string text = fmt::format("there is no page '{}'; the pages are:", path);
  for (const auto& [known, route] : routes) {
    if (route.listed) {
      text += "\n" + known;
    }
  }
  return text;
}

HttpResponse make(const HttpRequest& request, const HttpHandler& handler) {
  try {
    return handler(request);
  } catch (const std::exception& error) {
    return http_error(request.path, 500, fmt::format("{}: {}", request.path, error.what()));
  } catch (...) {
    return http_error(request.path, 500, request.path + ": failed");
  }
}

HttpPagePtr page_of(HttpResponse response) {
  return std::make_shared<const HttpResponse>(std::move(response));
}

/// Makes a slow page. If it cannot be compressed it is sent uncompressed.
HttpPagePtr slow_page(const HttpRequest& request, const HttpHandler& handler, bool compress) {
  constexpr std::size_t worth_compressing = 1024;
  HttpResponse page = make(request, handler);
  if (compress && page.body.size() >= worth_compressing) {
    try {
      page.compressed = gzip(page.body);
    } catch (const std::exception&) {
      page.compressed.clear();
    }
  }
  return page_of(std::move(page));
}

}  // namespace

void HttpPages::start() {
  stopping_ = false;
  thread_ = std::thread([this] { run(); });
}

void HttpPages::stop() {
  if (thread_.joinable()) {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }
  wanted_.clear();
}

bool HttpPages::any_host(const std::string& path) const {
  const auto route = routes_.find(path);
  return route != routes_.end() && route->second.any_host;
}

void HttpPages::request(HttpRequest request, bool gzip, Receiver receive) {
  const auto route = routes_.find(request.path);
  if (route == routes_.end()) {
    receive(page_of(http_error(request.path, 404, unknown_path_text(request.path, routes_))));
  } else if (!route->second.slow) {
    receive(page_of(make(request, route->second.handler)));
  } else {
    {
      const std::lock_guard lock(mutex_);
      Wanted& wanted = wanted_[{request.path, request.query}];
      wanted.request = std::move(request);
      wanted.gzip = wanted.gzip || gzip;
      wanted.receivers.push_back(std::move(receive));
    }
    changed_.notify_one();
  }
}

void HttpPages::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !wanted_.empty(); });
    if (stopping_) {
      return;
    }
    const auto next = wanted_.extract(wanted_.begin());
    lock.unlock();
    Wanted wanted = std::move(next.mapped());
    try {
      const HttpRequest& request = wanted.request;
      const HttpPagePtr page = slow_page(request, routes_.at(request.path).handler, wanted.gzip);
      for (Receiver& receive : wanted.receivers) {
        receive(page);
      }
    } catch (const std::exception&) {
      // Memory ran out. These clients time out; later requests may succeed.
    }
    lock.lock();
  }
}

}  // namespace wallaroo::internal
