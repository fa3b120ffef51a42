#include "metrics/http/endpoints.hpp"

#include <atomic>
#include <string>

#include <gtest/gtest.h>

#include "metrics/http/http_server.rig.hpp"

namespace wallaroo::internal {
namespace {

TEST(Endpoints, EveryPageAnswersAndReadinessFollowsTheApplication) {
  Registry registry("word_count");
  Counter counter;
  registry.add_counter({"wallaroo_n_total", "N."}, {}, counter);
  std::atomic<bool> ready = false;
  HttpServer server("127.0.0.1:0", make_routes(registry, [&] { return ready.load(); }));
  server.start();
  EXPECT_TRUE(get(server, "/readyz").starts_with("HTTP/1.1 503 "));
  ready = true;
  EXPECT_TRUE(get(server, "/readyz").starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(get(server, "/livez").starts_with("HTTP/1.1 200 "));
  const std::string index = get(server, "/");
  for (const char* text : {"word_count", "/metrics", "/metrics.json", "/livez", "/readyz"}) {
    EXPECT_NE(index.find(text), std::string::npos) << text;
  }
  const std::string metrics = get(server, "/metrics");
  EXPECT_NE(metrics.find("Content-Type: text/plain; version=0.0.4"), std::string::npos);
  EXPECT_NE(metrics.find("wallaroo_n_total{application=\"word_count\"} 0\n"), std::string::npos);
  const std::string json = get(server, "/metrics.json");
  EXPECT_NE(json.find("Content-Type: application/json"), std::string::npos);
  EXPECT_NE(json.find("\"application\":\"word_count\""), std::string::npos);
}

}  // namespace
}  // namespace wallaroo::internal
