#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <wallaroo/wallaroo.hpp>

#include "app/external/external.rig.hpp"

namespace wallaroo {
namespace {

using namespace std::chrono_literals;
using internal::ExternalId;

/// An application that counts numbers, with what has become of it. Its sink may be a peer.
class StartTest : public testing::Test {
 protected:
  StartTest() {
    std::string name = (std::filesystem::temp_directory_path() / "start-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
  }
  ~StartTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }

  Application application(const std::string& peer = {}) {
    Application app("numbers");
    const auto numbers = app.source(
        "numbers",
        generator_source({.rate_per_second = 1000}, [](std::uint64_t index) { return index; }));
    numbers.to_sink("seen", callback_sink([this](const std::uint64_t&) {
                      if (seen_ == 0) {
                        checkpoints_before_first_ = checkpoints();
                        ready_before_first_ = ready_;
                      }
                      ++seen_;
                    }));
    if (!peer.empty()) {
      numbers.to_sink(
          "peer",
          tcp_sink(
              {.connect = peer, .first_backoff = 10ms, .max_backoff = 10ms, .drain_timeout = 10ms},
              [](const std::uint64_t& number) { return std::to_string(number) + "\n"; }));
    }
    return app;
  }
  EngineOptions options() {
    EngineOptions made;
    made.threads = 2;
    made.hold_sources = true;
    made.on_ready = [this] { ++ready_; };
    return made;
  }
  EngineOptions with_checkpoints(std::chrono::milliseconds interval) {
    EngineOptions made = options();
    made.checkpoints.directory = root_ / "checkpoints";
    made.checkpoints.interval = interval;
    return made;
  }
  std::size_t checkpoints() const {
    std::error_code ignored;
    std::filesystem::directory_iterator manifests(root_ / "checkpoints" / "manifests", ignored);
    return ignored ? 0 : static_cast<std::size_t>(std::distance(begin(manifests), end(manifests)));
  }
  void wait_for_records() const {
    while (seen_ == 0) {
      std::this_thread::sleep_for(1ms);
    }
  }

  std::filesystem::path root_;
  std::atomic<std::uint64_t> seen_{0};
  std::atomic<int> ready_{0};
  std::size_t checkpoints_before_first_ = 0;  // written before `seen_` is not 0 any more
  int ready_before_first_ = 0;
};

/// A port on which nobody listens until `listen`.
class Peer {
 public:
  Peer() {
    sockaddr_in bound = any();
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&bound), sizeof bound), 0);
    socklen_t length = sizeof bound;
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&bound), &length);
    port_ = ntohs(bound.sin_port);
  }
  ~Peer() { ::close(socket_); }
  void listen() const { ASSERT_EQ(::listen(socket_, 4), 0); }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  static sockaddr_in any() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }
  int socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
  std::uint16_t port_ = 0;
};

TEST_F(StartTest, SourcesReadNothingUntilEverySinkHasItsPeer) {
  const Peer peer;
  EngineOptions with = options();
  with.external.address = "127.0.0.1:0";
  Engine engine(application(peer.address()), with);
  engine.start();
  internal::Tool tool(engine.external_address());
  tool.send(ExternalId::cluster_status_query);
  EXPECT_EQ(tool.answer()->id, ExternalId::cluster_not_initialized);
  EXPECT_FALSE(engine.wait_for(200ms).has_value());
  EXPECT_EQ(seen_, 0U);
  EXPECT_EQ(ready_, 0);
  peer.listen();
  wait_for_records();
  EXPECT_EQ(ready_before_first_, 1);
  EXPECT_TRUE(tool.ask(ExternalId::cluster_status_query).at("processing_messages").as_bool());
  engine.stop_now();
  engine.wait();
  EXPECT_EQ(ready_, 1);
}

/// The value of a metric that has one series; -1 if it is not there.
double metric(const Engine& engine, const std::string& name) {
  const std::string text = engine.metrics_text();
  const auto line = text.find("\n" + name + "{");
  return line == std::string::npos ? -1 : std::stod(text.substr(text.find("} ", line) + 2));
}

TEST_F(StartTest, ATcpSourceThatWaitsIsConnectedToAndDoesNotRead) {
  const Peer peer;
  Application app("lines");
  app.source("lines", tcp_source({.listen = "127.0.0.1:0"}, text))
      .to_sink("peer", tcp_sink({.connect = peer.address(), .max_backoff = 50ms},
                                [](const std::string& line) { return line; }));
  EngineOptions with = options();
  with.threads = 1;
  Engine engine(app, with);
  engine.start();
  const internal::Tool sender(engine.address("lines"));
  ASSERT_TRUE(sender.connected());
  sender.send(std::string_view("\0\0\0\2hi", 6));
  while (metric(engine, "wallaroo_source_connections") != 1) {
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_FALSE(engine.wait_for(100ms).has_value());
  EXPECT_EQ(metric(engine, "wallaroo_source_bytes_total"), 0);
  peer.listen();
  while (metric(engine, "wallaroo_source_bytes_total") != 6) {
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_EQ(ready_, 1);
}

TEST_F(StartTest, SourcesReadNothingUntilTheFirstCheckpointIsComplete) {
  Engine engine(application(), with_checkpoints(200ms));
  engine.start();
  wait_for_records();
  EXPECT_GE(checkpoints_before_first_, 1U);
  EXPECT_EQ(ready_before_first_, 1);
}

TEST_F(StartTest, ARestoredApplicationNeedsNoOtherCheckpoint) {
  {
    Engine first(application(), with_checkpoints(20ms));
    first.start();
    wait_for_records();
    first.stop();
    ASSERT_TRUE(first.wait().ok);
  }
  seen_ = 0;
  Engine second(application(), with_checkpoints(std::chrono::hours(1)));
  second.start();
  wait_for_records();
}

TEST_F(StartTest, AnApplicationThatWaitsCanBeStopped) {
  const Peer peer;
  for (const EngineOptions& with : {options(), with_checkpoints(20ms)}) {
    Engine engine(application(peer.address()), with);
    engine.start();
    EXPECT_FALSE(engine.wait_for(50ms).has_value());
    engine.stop();
    EXPECT_TRUE(engine.wait().ok);
    EXPECT_EQ(seen_, 0U);
  }
}

TEST_F(StartTest, SourcesThatDoNotWaitReadBeforeTheApplicationIsReady) {
  const Peer peer;
  EngineOptions with = options();
  with.hold_sources = false;
  Engine engine(application(peer.address()), with);
  engine.start();
  wait_for_records();
  EXPECT_EQ(ready_, 0);
  peer.listen();
  while (ready_ == 0) {
    std::this_thread::sleep_for(1ms);
  }
  engine.stop_now();
  engine.wait();
}

TEST_F(StartTest, AFunctionThatFailsWhenReadyStopsTheApplication) {
  EngineOptions with = options();
  with.on_ready = [] { throw std::runtime_error("not ready after all"); };
  Engine engine(application(), with);
  engine.start();
  const Outcome outcome = engine.wait();
  EXPECT_FALSE(outcome.ok);
  EXPECT_EQ(outcome.error, "not ready after all");
}

}  // namespace
}  // namespace wallaroo
