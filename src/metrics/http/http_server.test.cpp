#include "metrics/http/http_server.hpp"

#include <chrono>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <wallaroo/types/error.hpp>

#include "metrics/http/http_server.rig.hpp"

namespace wallaroo::internal {
namespace {

using namespace std::chrono_literals;

using Http = RunningServer;

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

}  // namespace
}  // namespace wallaroo::internal
