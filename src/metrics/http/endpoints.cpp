#include "metrics/http/endpoints.hpp"

#include <utility>

#include "metrics/prometheus.hpp"
#include "metrics/snapshot.hpp"

namespace wallaroo::internal {

namespace {

constexpr const char* index_text =
    "/metrics       metrics in Prometheus' text format\n"
    "/metrics.json  the same as one JSON document\n"
    "/livez         200 while the process answers\n"
    "/readyz        200 while the application takes records, else 503\n";

}  // namespace

HttpRoutes make_routes(const Registry& registry, std::function<bool()> ready) {
  HttpRoutes routes;
  routes["/"].handler = [&registry](const HttpRequest&) {
    return HttpResponse{.body =
                            "wallaroo application " + registry.application() + "\n\n" + index_text};
  };
  routes["/metrics"] = {.handler =
                            [&registry](const HttpRequest&) {
                              return HttpResponse{.content_type = prometheus_content_type,
                                                  .body = render_prometheus(registry)};
                            },
                        .slow = true};
  routes["/metrics.json"] = {.handler =
                                 [&registry](const HttpRequest&) {
                                   return HttpResponse{.content_type = "application/json",
                                                       .body = render_snapshot(registry)};
                                 },
                             .slow = true};
  routes["/livez"].handler = [](const HttpRequest&) { return HttpResponse{.body = "ok\n"}; };
  routes["/readyz"].handler = [ready = std::move(ready)](const HttpRequest&) {
    return ready() ? HttpResponse{.body = "ready\n"}
                   : HttpResponse{.status = 503, .body = "not ready: starting or stopping\n"};
  };
  routes["/livez"].any_host = true;
  routes["/readyz"].any_host = true;
  return routes;
}

}  // namespace wallaroo::internal
