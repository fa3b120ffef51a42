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
  std::string text = fmt::format("there is no page '{}'; the pages are:\n", path);
  for (const auto& [known, route] : routes) {
    text += known + "\n";
  }
  return text;
}

HttpResponse make(const std::string& path, const HttpHandler& handler) {
  try {
    return handler();
  } catch (const std::exception& error) {
    return {.status = 500, .body = fmt::format("{}: {}\n", path, error.what())};
  } catch (...) {
    return {.status = 500, .body = path + ": failed\n"};
  }
}

HttpPagePtr plain_page(HttpResponse response) {
  return std::make_shared<const HttpPage>(HttpPage{std::move(response), {}});
}

/// Makes a slow page. If it cannot be compressed it is sent uncompressed.
HttpPagePtr slow_page(const std::string& path, const HttpHandler& handler, bool compress) {
  constexpr std::size_t worth_compressing = 1024;
  HttpPage page{make(path, handler), {}};
  if (compress && page.response.body.size() >= worth_compressing) {
    try {
      page.compressed = gzip(page.response.body);
    } catch (const std::exception&) {
      page.compressed.clear();
    }
  }
  return std::make_shared<const HttpPage>(std::move(page));
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

void HttpPages::request(const std::string& target, bool gzip, Receiver receive) {
  const std::string path = target.substr(0, target.find('?'));
  const auto route = routes_.find(path);
  if (route == routes_.end()) {
    receive(plain_page({.status = 404, .body = unknown_path_text(path, routes_)}));
  } else if (!route->second.slow) {
    receive(plain_page(make(path, route->second.handler)));
  } else {
    {
      const std::lock_guard lock(mutex_);
      Wanted& wanted = wanted_[path];
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
      const HttpPagePtr page = slow_page(next.key(), routes_.at(next.key()).handler, wanted.gzip);
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
