// What a handler of the HTTP server gets and gives.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace wallaroo::internal {

/// A request for a page, which is a GET or a HEAD.
struct HttpRequest {
  std::string path = {};                                       ///< "/api/v1/series"
  std::map<std::string, std::string, std::less<>> query = {};  ///< decoded; of equal names the last
  std::string accept = {};  ///< the value of the Accept field; empty when there is none

  /// The parameter's value, or `otherwise`.
  std::string parameter(std::string_view name, std::string_view otherwise = "") const {
    const auto found = query.find(name);
    return found == query.end() ? std::string(otherwise) : found->second;
  }
};

/// Splits a request's target, "/api/v1/series?since=3", and decodes it. Malformed escapes stay as
/// they are.
HttpRequest parse_target(std::string_view target);

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body = {};
  std::string compressed = {};  ///< the body as gzip; empty when there is none
  std::string etag = {};        ///< a hash of the body, which clients may keep then
};

/// An answer that says what is wrong: as JSON under /api/, as text elsewhere.
HttpResponse http_error(const std::string& path, int status, const std::string& text);

/// Makes a page. An exception from it becomes a 500.
using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

/// A page that takes long to make is `slow`: it is made on a second thread, one page at a time, so
/// that quick pages never wait for it. Equal requests that arrive before its handler is called
/// share the result. A slow page is sent compressed to clients that ask for gzip.
struct HttpRoute {
  HttpHandler handler;
  bool slow = false;
  bool any_host = false;  ///< answered whatever host the client asks for: says nothing of interest
  bool listed = true;     ///< named in the list of pages
};
/// The pages by path ("/metrics").
using HttpRoutes = std::map<std::string, HttpRoute>;

}  // namespace wallaroo::internal
