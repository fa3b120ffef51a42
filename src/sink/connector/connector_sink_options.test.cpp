#include <chrono>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <wallaroo/types/error.hpp>

#include "sink/connector/connector.rig.hpp"
#include "sink/connector/connector_sink.hpp"
#include "sink/connector/connector_transaction.hpp"

namespace wallaroo::internal {
namespace {

using namespace std::chrono_literals;

/// Starts with this vote. Returns the instance in the HELLO and the one in the next vote.
std::pair<std::string, std::string> instances(const std::string& worker, const std::string& vote) {
  Receiver receiver;
  auto options = connector_options_for(receiver.address());
  options.worker = worker;
  RunningConnectorSink<> sink(options, RunningConnectorSink<>::Checkpoints::on,
                              {.checkpoint = vote.empty() ? 0U : 4U, .prepared = vote});
  EXPECT_TRUE(sink.connect_to(receiver));
  sink.writer->barrier(5);
  EXPECT_TRUE(prepare(sink, receiver, 5));
  return {receiver.hello().instance_name, decode_vote(sink.listener.vote).value().instance};
}

TEST(ConnectorSink, SinksDifferInTheInstanceOfTheHelloAndKeepWhatACheckpointWasTakenWith) {
  using Pair = std::pair<std::string, std::string>;
  const std::string stream = connector_stream_name("wallaroo", "initializer", "totals");
  const auto old = encode_vote({stream, 0});
  const auto now = encode_vote({stream, 0, "initializer-totals"});
  EXPECT_EQ(instances("", ""), Pair("initializer-totals", "initializer-totals"));
  EXPECT_EQ(instances("", now), Pair("initializer-totals", "initializer-totals"));
  EXPECT_EQ(instances("", old), Pair("initializer", "")) << "as versions before said it";
  EXPECT_EQ(instances("initializer", old), Pair("initializer", ""));
  EXPECT_EQ(instances("initializer", ""), Pair("initializer", ""));
  const auto other = encode_vote({connector_stream_name("wallaroo", "b", "totals"), 0});
  EXPECT_EQ(instances("b", other), Pair("b", ""));

  ConnectorSink sink("totals", {.connect = "127.0.0.1:7200", .worker = "initializer"});
  sink.set_application("wallaroo");
  EXPECT_THROW(sink.recover({.checkpoint = 4, .prepared = now}), ConfigError)
      << "receivers may keep the output under the other name";
}

TEST(ConnectorSink, SinksThatAReceiverMayTakeForOneAreAtOnePlace) {
  const auto place = [](const std::string& name, const std::string& worker) {
    return ConnectorSink(name, {.connect = "127.0.0.1:7200", .worker = worker}).place_at_receiver();
  };
  EXPECT_NE(place("a", ""), place("b", ""));
  EXPECT_EQ(place("a", "w"), place("b", "w"));
  EXPECT_EQ(place("a", "w"), "127.0.0.1:7200 as worker 'w'");
}

template <class Change>
std::string refused(Change change) {
  ConnectorSinkOptions options{.connect = "127.0.0.1:7200"};
  change(options);
  try {
    ConnectorSink sink("totals", options);
    sink.set_application("App");
    sink.open();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(ConnectorSink, BadOptionsAreRefused) {
  EXPECT_EQ(refused([](auto&) {}), "");
  const auto has = [](const std::string& text, const std::string& part) {
    return text.starts_with("sink 'totals': ") && text.find(part) != std::string::npos;
  };
  EXPECT_TRUE(has(refused([](auto& o) { o.connect = "7200"; }), "7200"));
  EXPECT_TRUE(has(refused([](auto& o) { o.connect = "127.0.0.1:0"; }), "port 0"));
  EXPECT_TRUE(
      has(refused([](auto& o) { o.application = std::string(20'000, 'a'); }), "application"));
  EXPECT_TRUE(has(refused([](auto& o) { o.worker = std::string(20'000, 'w'); }), "worker"));
  EXPECT_TRUE(has(refused([](auto& o) { o.cookie = std::string(70'000, 'c'); }), "cookie"));
  EXPECT_TRUE(has(refused([](auto& o) { o.max_buffer_bytes = 0; }), "max_buffer_bytes"));
  EXPECT_TRUE(has(refused([](auto& o) { o.first_backoff = 0ms; }), "first_backoff"));
  EXPECT_TRUE(has(refused([](auto& o) { o.max_backoff = 1ms; }), "max_backoff"));
  EXPECT_TRUE(has(refused([](auto& o) { o.drain_timeout = -1ms; }), "drain_timeout"));
}

TEST(ConnectorSink, AVoteOfAnotherSinkOrStreamIsRefused) {
  ConnectorSink sink("totals", {.connect = "127.0.0.1:7200"});
  EXPECT_NO_THROW(sink.recover({.checkpoint = 4, .prepared = {}}));
  EXPECT_THROW(sink.recover({.checkpoint = 4, .prepared = "part-3"}), IoError);
  try {
    sink.recover({.checkpoint = 4, .prepared = encode_vote({"B-w-initializer-id-1", 9})});
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("was 'B-w-initializer-id-1' in checkpoint 4"),
              std::string::npos);
  }
}

}  // namespace
}  // namespace wallaroo::internal
