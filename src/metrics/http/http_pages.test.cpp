#include "metrics/http/http_pages.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "metrics/http/http_server.rig.hpp"

namespace wallaroo::internal {
namespace {

using namespace std::chrono_literals;

/// A server with a slow page that waits for a gate, which the test opens: one gate for the first
/// time that the page is made, and one for the second.
struct HeldPage {
  HeldPage() {
    HttpRoutes routes = test_routes();
    routes["/held"] = {.handler =
                           [this](const HttpRequest&) {
                             gates.at(static_cast<std::size_t>(made++)).get_future().wait();
                             return HttpResponse{.body = "done\n"};
                           },
                       .slow = true};
    server.emplace("127.0.0.1:0", routes, HttpLimits{.max_connections = 16, .timeout = 1h});
    server->start();
  }
  void wait_until_made(int times) const {
    while (made.load() < times) {
      std::this_thread::sleep_for(1ms);
    }
  }
  std::array<std::promise<void>, 2> gates;
  std::atomic<int> made = 0;
  std::optional<HttpServer> server;
};

constexpr const char* held_request = "GET /held HTTP/1.1\r\nConnection: close\r\n\r\n";

TEST(HttpServer, AQuickPageDoesNotWaitForASlowOne) {
  HeldPage page;
  Client waiting(page.server->address());
  waiting.send(held_request);
  page.wait_until_made(1);
  EXPECT_TRUE(get(*page.server, "/hello").ends_with("hello\n"));
  page.gates[0].set_value();
  EXPECT_TRUE(waiting.read_all().ends_with("done\n"));
}

TEST(HttpServer, RequestsThatComeWhileASlowPageIsMadeShareTheNextOne) {
  HeldPage page;
  Client first(page.server->address());
  first.send(held_request);
  page.wait_until_made(1);
  std::vector<std::unique_ptr<Client>> others;
  for (int i = 0; i < 10; ++i) {
    others.push_back(std::make_unique<Client>(page.server->address()));
    others.back()->send(held_request);
  }
  EXPECT_TRUE(get(*page.server, "/hello").ends_with("hello\n"));  // after all of them
  page.gates[0].set_value();
  EXPECT_TRUE(first.read_all().ends_with("done\n"));
  page.gates[1].set_value();
  for (const auto& other : others) {
    EXPECT_TRUE(other->read_all().ends_with("done\n"));
  }
  EXPECT_EQ(page.made.load(), 2);
}

TEST(HttpServer, StopDoesNotAnswerThoseWhoWaitForASlowPage) {
  HeldPage page;
  Client first(page.server->address());
  first.send(held_request);
  page.wait_until_made(1);
  Client second(page.server->address());
  second.send(held_request);
  page.gates[0].set_value();
  page.gates[1].set_value();
  page.server->stop();
  page.server.reset();
  (void)second.read_all();
  EXPECT_LE(page.made.load(), 2);
}

}  // namespace
}  // namespace wallaroo::internal
