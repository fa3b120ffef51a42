#include "metrics/http/http_server.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <wallaroo/types/error.hpp>

#include "metrics/http/endpoints.hpp"

namespace wallaroo::internal {
namespace {

using namespace std::chrono_literals;

/// A blocking client that sends any bytes.
class Client {
 public:
  explicit Client(const std::string& address) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port =
        htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.find(':') + 1))));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
      throw std::runtime_error("connect");
    }
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { ::close(fd_); }

  bool send(std::string_view bytes) {
    return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }
  /// Reads until the server closes.
  std::string read_all() {
    while (read_more()) {
    }
    return received_;
  }
  /// Reads the next response, which must have a Content-Length.
  std::string read_response() {
    std::size_t end = std::string::npos;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
      if (!read_more()) {
        return received_;
      }
    }
    const auto field = received_.find("Content-Length: ");
    const std::size_t length = end + 4 + std::stoul(received_.substr(field + 16));
    while (received_.size() < length && read_more()) {
    }
    const std::string response = received_.substr(0, length);
    received_.erase(0, length);
    return response;
  }

 private:
  bool read_more() {
    char bytes[4096];
    const ssize_t n = ::recv(fd_, bytes, sizeof bytes, 0);
    received_.append(bytes, n > 0 ? static_cast<std::size_t>(n) : 0);
    return n > 0;
  }
  int fd_;
  std::string received_;
};

HttpRoutes test_routes() {
  HttpRoutes routes;
  routes["/hello"].handler = [](const HttpRequest&) { return HttpResponse{.body = "hello\n"}; };
  routes["/broken"].handler = [](const HttpRequest&) -> HttpResponse {
    throw std::runtime_error("no luck");
  };
  routes["/odd"].handler = [](const HttpRequest&) -> HttpResponse { throw 7; };
  routes["/big"].handler = [](const HttpRequest&) {
    return HttpResponse{.body = std::string(8 << 20, 'x')};
  };
  routes["/slow"] = {
      .handler = [](const HttpRequest&) { return HttpResponse{.body = std::string(100'000, 's')}; },
      .slow = true};
  routes["/slow/broken"] = {
      .handler = [](const HttpRequest&) -> HttpResponse { throw std::runtime_error("slowly"); },
      .slow = true};
  routes["/kept"].handler = [](const HttpRequest&) {
    return HttpResponse{.body = "kept\n", .etag = "abc1"};
  };
  routes["/open"] = {.handler = [](const HttpRequest&) { return HttpResponse{.body = "open\n"}; },
                     .any_host = true};
  routes["/echo"] = {.handler =
                         [](const HttpRequest& request) {
                           return HttpResponse{.body = request.parameter("text")};
                         },
                     .slow = true};
  return routes;
}

/// Sends one request on a new connection and returns the response.
std::string ask(const HttpServer& server, const std::string& request) {
  Client client(server.address());
  client.send(request);
  return client.read_all();
}

std::string get(const HttpServer& server, const std::string& path) {
  return ask(server, "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
}

class RunningServer : public testing::Test {
 protected:
  RunningServer() { server.start(); }
  HttpServer server{"127.0.0.1:0", test_routes(), {}, {"ui.example"}};
};

using Http = RunningServer;

TEST_F(Http, AnswersAKnownPathWithAnyQuery) {
  for (const char* path : {"/hello", "/hello?x=1&y=/hello"}) {
    const std::string response = get(server, path);
    EXPECT_TRUE(response.starts_with("HTTP/1.1 200 OK\r\n")) << response;
    EXPECT_TRUE(response.ends_with("\r\n\r\nhello\n")) << response;
  }
}

TEST_F(Http, AnswersOnlyToItsOwnNames) {
  const auto ask_as = [&](const std::string& path, const std::string& host) {
    return ask(server,
               "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
  };
  EXPECT_TRUE(ask_as("/hello", "127.0.0.1:9090").starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(ask_as("/hello", "ui.example").starts_with("HTTP/1.1 200 "));
  const std::string refused = ask_as("/hello", "evil.example:9090");
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 421 ")) << refused;
  EXPECT_NE(refused.find("--http-host evil.example"), std::string::npos) << refused;
  EXPECT_EQ(refused.find("hello"), std::string::npos) << refused;
  EXPECT_TRUE(ask_as("/open", "evil.example").starts_with("HTTP/1.1 200 "));
}

TEST_F(Http, EveryAnswerTellsBrowsersToBeStrict) {
  for (const char* path : {"/hello", "/nope", "/broken", "/kept"}) {
    const std::string response = get(server, path);
    for (const char* field :
         {"Content-Security-Policy: default-src 'self'", "X-Content-Type-Options: nosniff",
          "X-Frame-Options: DENY", "Referrer-Policy: no-referrer",
          "Cross-Origin-Resource-Policy: same-origin"}) {
      EXPECT_NE(response.find(field), std::string::npos) << path << ": " << response;
    }
  }
}

TEST_F(Http, APageThatTheClientHasIsNotSentAgain) {
  const std::string first = get(server, "/kept");
  EXPECT_NE(first.find("ETag: W/\"abc1\"\r\n"), std::string::npos) << first;
  EXPECT_NE(first.find("Cache-Control: no-cache\r\n"), std::string::npos) << first;
  EXPECT_TRUE(first.ends_with("kept\n")) << first;
  const auto ask_again = [&](const std::string& tag) {
    return ask(server,
               "GET /kept HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
               "If-None-Match: " +
                   tag + "\r\n\r\n");
  };
  for (const char* tag : {"W/\"abc1\"", "\"abc1\"", "\"x\", W/\"abc1\"", "*"}) {
    const std::string again = ask_again(tag);
    EXPECT_TRUE(again.starts_with("HTTP/1.1 304 ")) << again;
    EXPECT_TRUE(again.ends_with("\r\n\r\n")) << again;
  }
  for (const char* tag : {"W/\"abc\"", "abc1", "\"abc12\""}) {
    EXPECT_TRUE(ask_again(tag).starts_with("HTTP/1.1 200 ")) << tag;
  }
}

TEST_F(Http, HandlersGetTheQuery) {
  EXPECT_TRUE(get(server, "/echo?text=a%20b&other=1").ends_with("\r\n\r\na b"));
}

TEST_F(Http, ErrorsUnderApiAreJson) {
  const std::string response = get(server, "/api/v1/nope");
  EXPECT_TRUE(response.starts_with("HTTP/1.1 404 ")) << response;
  EXPECT_NE(response.find("Content-Type: application/json"), std::string::npos) << response;
  EXPECT_NE(response.find("{\"format\":1,\"error\":\"there is no page"), std::string::npos)
      << response;
}

TEST_F(Http, AnUnknownPathIs404WithTheListOfPages) {
  const std::string response = get(server, "/nope");
  EXPECT_TRUE(response.starts_with("HTTP/1.1 404 ")) << response;
  for (const char* path : {"'/nope'", "/hello\n", "/broken\n"}) {
    EXPECT_NE(response.find(path), std::string::npos) << path;
  }
}

TEST_F(Http, HeadHasTheHeaderOfGetAndNoBody) {
  const std::string response =
      ask(server, "HEAD /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(response.starts_with("HTTP/1.1 200 OK\r\n")) << response;
  EXPECT_NE(response.find("Content-Length: 6\r\n"), std::string::npos) << response;
  EXPECT_TRUE(response.ends_with("\r\n\r\n")) << response;
}

TEST_F(Http, OtherMethodsAre405AndNameWhatIsAllowed) {
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS"}) {
    const std::string response =
        ask(server, std::string(method) + " /hello HTTP/1.1\r\nHost: localhost\r\n" +
                        "Content-Length: 5\r\n\r\n12345");
    EXPECT_TRUE(response.starts_with("HTTP/1.1 405 ")) << response;
    EXPECT_NE(response.find("Allow: GET, HEAD\r\n"), std::string::npos) << response;
  }
}

TEST_F(Http, AGetWithABodyIsRefused) {
  EXPECT_TRUE(ask(server, "GET /hello HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc")
                  .starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(ask(server, "GET /hello HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
                  .starts_with("HTTP/1.1 400 "));
}

TEST_F(Http, AHandlerThatThrowsIs500AndTheServerGoesOn) {
  const std::string response = get(server, "/broken");
  EXPECT_TRUE(response.starts_with("HTTP/1.1 500 ")) << response;
  EXPECT_NE(response.find("no luck"), std::string::npos) << response;
  EXPECT_TRUE(get(server, "/odd").starts_with("HTTP/1.1 500 "));
  EXPECT_TRUE(get(server, "/hello").starts_with("HTTP/1.1 200 "));
}

TEST_F(Http, GarbageIsRefusedAndTheServerGoesOn) {
  std::string garbage;
  for (int i = 0; i < 4096; ++i) {
    garbage += static_cast<char>((i * 37) ^ (i >> 3));
  }
  EXPECT_TRUE(ask(server, garbage).starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(ask(server, std::string(200, '\0')).starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(ask(server, "\x16\x03\x01\x02 a TLS hello\r\n\r\n").starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(get(server, "/hello").starts_with("HTTP/1.1 200 "));
}

TEST_F(Http, AnOversizedHeaderIsRefused) {
  const std::string response =
      ask(server, "GET /hello HTTP/1.1\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n");
  EXPECT_TRUE(response.starts_with("HTTP/1.1 431 ")) << response;
  EXPECT_TRUE(ask(server, "GET /" + std::string(100'000, 'x')).starts_with("HTTP/1.1 4"));
}

TEST_F(Http, AConnectionIsKeptForFurtherAndPipelinedRequests) {
  Client client(server.address());
  const std::string request = "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n";
  for (int i = 0; i < 3; ++i) {
    client.send(request);
    EXPECT_TRUE(client.read_response().ends_with("hello\n"));
  }
  client.send(request + request);
  EXPECT_TRUE(client.read_response().ends_with("hello\n"));
  EXPECT_TRUE(client.read_response().ends_with("hello\n"));
}

TEST_F(Http, AClientThatCutsItsRequestDisturbsNobody) {
  for (int i = 0; i < 20; ++i) {
    Client client(server.address());
    client.send("GET /he");
  }
  EXPECT_TRUE(get(server, "/hello").starts_with("HTTP/1.1 200 "));
}

TEST_F(Http, StopReturnsWithOpenConnectionsInEveryState) {
  Client idle(server.address());
  idle.send("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_TRUE(idle.read_response().ends_with("hello\n"));
  Client silent(server.address());
  Client half(server.address());
  half.send("GET /hello HT");
  Client never_reads(server.address());
  never_reads.send("GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n");
  server.stop();
  EXPECT_EQ(idle.read_all(), "");
  EXPECT_THROW(Client refused(server.address()), std::runtime_error);
  server.stop();
}

TEST_F(Http, APortInUseIsAnErrorThatNamesTheAddress) {
  HttpServer second(server.address(), test_routes());
  try {
    second.start();
    FAIL() << "bound twice";
  } catch (const IoError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find(server.address()), std::string::npos) << text;
    EXPECT_NE(text.find("in use"), std::string::npos) << text;
    EXPECT_NE(text.find("choose another port"), std::string::npos) << text;
  }
  EXPECT_TRUE(get(server, "/hello").starts_with("HTTP/1.1 200 "));
}

TEST(HttpServer, SlowClientsAreClosed) {
  HttpServer server("127.0.0.1:0", test_routes(), {.timeout = 50ms});
  server.start();
  Client silent(server.address());
  Client half(server.address());
  half.send("GET /hello HTTP/1.1\r\n");
  EXPECT_EQ(silent.read_all(), "");
  EXPECT_EQ(half.read_all(), "");
}

TEST_F(Http, ASlowPageIsMadeElsewhereAndMayFailToo) {
  EXPECT_TRUE(get(server, "/slow").ends_with("\r\n\r\n" + std::string(100'000, 's')));
  const std::string response = get(server, "/slow/broken");
  EXPECT_TRUE(response.starts_with("HTTP/1.1 500 ")) << response;
  EXPECT_TRUE(response.ends_with("/slow/broken: slowly\n")) << response;
}

TEST_F(Http, ASlowPageIsCompressedForThoseWhoAskAndOnlyForThem) {
  const auto ask_with = [&](const std::string& method, const std::string& fields) {
    return ask(server, method + " /slow HTTP/1.1\r\nConnection: close\r\n" + fields + "\r\n");
  };
  const std::string plain = ask_with("GET", "");
  EXPECT_EQ(plain.find("Content-Encoding"), std::string::npos);
  EXPECT_EQ(ask_with("GET", "Accept-Encoding: br, gzip;q=0\r\n").size(), plain.size());
  const std::string compressed =
      ask_with("GET", "Accept-Encoding: br\r\nAccept-Encoding: gzip\r\n");
  EXPECT_NE(compressed.find("Content-Encoding: gzip\r\n"), std::string::npos);
  EXPECT_NE(compressed.find("\r\n\r\n\x1f\x8b\x08"), std::string::npos);
  EXPECT_LT(compressed.size(), 2'000U);
  const std::string head = ask_with("HEAD", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(head, compressed.substr(0, compressed.find("\r\n\r\n") + 4));
}

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

// With a time-out this long no connection is closed because of it.
constexpr HttpLimits few{.max_connections = 4, .timeout = 1h};

TEST(HttpServer, SilentClientsMakeRoomForNewOnesTheOldestFirst) {
  HttpServer server("127.0.0.1:0", test_routes(), few);
  server.start();
  std::vector<std::unique_ptr<Client>> silent;
  for (int i = 0; i < 300; ++i) {
    silent.push_back(std::make_unique<Client>(server.address()));
    silent.back()->send(i % 2 == 0 ? "" : "GET /hello HT");
  }
  EXPECT_TRUE(get(server, "/hello").ends_with("hello\n"));
  EXPECT_EQ(silent.front()->read_all(), "");
  silent.back()->send("TP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(silent.back()->read_all().ends_with("hello\n"));
}

TEST(HttpServer, ClientsThatDoNotReadTheirAnswerMakeRoomForNewOnes) {
  HttpServer server("127.0.0.1:0", test_routes(), few);
  server.start();
  std::vector<std::unique_ptr<Client>> slow;
  for (int i = 0; i < 20; ++i) {
    slow.push_back(std::make_unique<Client>(server.address()));
    slow.back()->send("GET /big HTTP/1.1\r\n\r\n");
  }
  EXPECT_TRUE(get(server, "/hello").ends_with("hello\n"));
  EXPECT_LT(slow.front()->read_all().size(), std::size_t{8} << 20);
}

TEST(HttpServer, AClientThatIsBeingAnsweredIsKeptWhereAnotherSaysNothing) {
  HttpServer server("127.0.0.1:0", test_routes(), few);
  server.start();
  Client reading(server.address());
  reading.send("GET /big HTTP/1.1\r\nConnection: close\r\n\r\n");
  std::vector<std::unique_ptr<Client>> silent;
  for (int i = 0; i < 20; ++i) {
    silent.push_back(std::make_unique<Client>(server.address()));
  }
  EXPECT_TRUE(get(server, "/hello").ends_with("hello\n"));
  EXPECT_GT(reading.read_all().size(), std::size_t{8} << 20);
}

TEST(HttpServer, AWrongAddressIsAnErrorThatShowsTheForm) {
  for (const char* address : {"", "localhost", ":9090", "127.0.0.1:", "127.0.0.1:http",
                              "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:999999999999"}) {
    try {
      HttpServer server(address, {});
      FAIL() << address;
    } catch (const ConfigError& error) {
      EXPECT_NE(std::strstr(error.what(), "host:port"), nullptr) << error.what();
    }
  }
}

TEST(HttpServer, AnAddressOfAnotherMachineIsAnError) {
  HttpServer server("192.0.2.1:0", {});
  EXPECT_THROW(server.start(), IoError);
}

TEST(HttpServer, StartsAgainAfterStopAndAfterAFailure) {
  HttpServer first("127.0.0.1:0", test_routes());
  first.start();
  HttpServer second(first.address(), test_routes());
  EXPECT_THROW(second.start(), IoError);
  first.stop();
  second.start();
  EXPECT_TRUE(get(second, "/hello").starts_with("HTTP/1.1 200 "));
  second.stop();
  second.start();
  EXPECT_TRUE(get(second, "/hello").starts_with("HTTP/1.1 200 "));
}

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
