#include "app/external/engine_channel.hpp"

#include <cstdint>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <wallaroo/wallaroo.hpp>

#include "app/external/external.rig.hpp"

namespace wallaroo::internal {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;
using Id = ExternalId;

struct Seen {
  std::uint64_t count = 0;
};

/// An application with keyed state, state without a key, and windows of keys that are pairs.
class EngineChannelTest : public testing::Test {
 protected:
  Application application() const {
    Application app("words");
    const auto numbers = app.source(
        "numbers",
        generator_source({.rate_per_second = 1000}, [](std::uint64_t index) { return index % 5; }));
    numbers.key_by("name", [](std::uint64_t n) { return "key " + std::to_string(n); })
        .to("count", [](std::uint64_t n, Seen& seen) { return seen.count += n, n; })
        .to_sink("counts", callback_sink([](const auto&) {}));
    numbers.key_by("pair", [](std::uint64_t n) { return std::pair(n % 2, n); })
        .to("sums", range_windows(24h).over(sum([](std::uint64_t n) { return n; })))
        .to_sink("sums out", callback_sink([](const auto&) {}));
    numbers.to("total", [](std::uint64_t n, Seen& seen) { return seen.count += n, n; })
        .to_sink("totals", callback_sink([](const auto&) {}));
    return app;
  }
  EngineOptions options() {
    EngineOptions made;
    made.threads = 2;
    made.external.address = "127.0.0.1:0";
    made.external.parallelism = {{"numbers", 3}};
    made.log = [this](LogLevel, std::string_view line) {
      const std::lock_guard lock(mutex_);
      log_.append(line).append("\n");
    };
    return made;
  }
  std::string log() const {
    const std::lock_guard lock(mutex_);
    return log_;
  }

 private:
  mutable std::mutex mutex_;
  std::string log_;
};

std::set<std::string> texts(const json::value& array) {
  std::set<std::string> all;
  for (const json::value& one : array.as_array()) {
    all.emplace(one.as_string());
  }
  return all;
}

TEST_F(EngineChannelTest, AnswersAboutTheRunningPlan) {
  Engine engine(application(), options());
  engine.start();
  Tool tool(engine.external_address());
  EXPECT_EQ(json::serialize(tool.ask(Id::cluster_status_query)),
            R"({"processing_messages":true,"worker_names":["initializer"],"worker_count":1})");
  const auto counts = tool.ask(Id::partition_count_query);
  EXPECT_EQ(json::serialize(counts.at("state_partitions")),
            R"({"count":{"initializer":10},"sums":{"initializer":10},"total":{"initializer":10}})");
  EXPECT_EQ(tool.ask(Id::source_ids_query).at("source_ids").as_array().size(), 3U);
}

TEST_F(EngineChannelTest, ReadsKeysOfAllExecutorsWhileTheyRun) {
  Engine engine(application(), options());
  engine.start();
  Tool tool(engine.external_address());
  json::object keys;
  do {
    keys = tool.ask(Id::state_entity_query);
  } while (keys.at("count").as_array().size() < 5 || keys.at("sums").as_array().size() < 5);
  EXPECT_EQ(texts(keys.at("count")),
            (std::set<std::string>{"key 0", "key 1", "key 2", "key 3", "key 4"}));
  EXPECT_EQ(texts(keys.at("sums")),
            (std::set<std::string>{"[0,0]", "[1,1]", "[0,2]", "[1,3]", "[0,4]"}));
  EXPECT_EQ(texts(keys.at("total")), std::set<std::string>{""});
  EXPECT_EQ(json::serialize(tool.ask(Id::cluster_state_entity_count_query)),
            R"({"initializer":{"count":5,"sums":5,"total":1}})");
}

TEST_F(EngineChannelTest, LetsTheProgramMakeTheTextOfKeys) {
  EngineOptions with = options();
  with.external.key_text = [](std::string_view bytes, std::string_view schema) {
    return std::string(schema) + "/" + std::to_string(bytes.size());
  };
  Engine engine(application(), with);
  engine.start();
  Tool tool(engine.external_address());
  json::object keys;
  do {
    keys = tool.ask(Id::state_entity_query);
  } while (keys.at("count").as_array().empty());
  EXPECT_EQ(keys.at("count").as_array().front().as_string(), "string/6");
}

TEST_F(EngineChannelTest, StopsTheApplicationByDraining) {
  Engine engine(application(), options());
  engine.start();
  const Tool tool(engine.external_address());
  tool.send(Id::clean_shutdown, "enough");
  EXPECT_TRUE(engine.wait().ok);
  EXPECT_NE(log().find("the application is to stop: enough"), std::string::npos);
  Tool later(engine.external_address());
  EXPECT_EQ(later.ask(Id::cluster_status_query).at("processing_messages"), false);
  EXPECT_EQ(json::serialize(later.ask(Id::state_entity_count_query)),
            R"({"count":0,"sums":0,"total":0})");
}

TEST_F(EngineChannelTest, CallsTheProgramForTextAndShutdown) {
  std::mutex mutex;
  std::string told;
  EngineOptions with = options();
  with.external.print = [&](const std::string& text) {
    const std::lock_guard lock(mutex);
    told += "print " + text + "\n";
  };
  with.external.shutdown = [&](const std::string& text) {
    const std::lock_guard lock(mutex);
    told += "shutdown " + text + "\n";
    throw std::runtime_error("not now");
  };
  Engine engine(application(), with);
  engine.start();
  Tool tool(engine.external_address());
  tool.send(Id::print, "hello");
  tool.send(Id::clean_shutdown);
  tool.send(static_cast<Id>(999), "nobody knows it");
  tool.ask(Id::cluster_status_query);
  const std::lock_guard lock(mutex);
  EXPECT_EQ(told, "print hello\nshutdown \n");
  EXPECT_FALSE(engine.wait_for(0ms).has_value());
  EXPECT_NE(log().find("external channel: message 3 failed: not now"), std::string::npos);
}

TEST_F(EngineChannelTest, ClosesConnectionsThatSendNoMessages) {
  Engine engine(application(), options());
  engine.start();
  for (const std::string& bytes : {std::string("\0\0\0\1", 4), std::string("\0\0\x40\3", 4),
                                   std::string("GET / HTTP/1.1\r\n")}) {
    Tool tool(engine.external_address());
    tool.send(bytes);
    EXPECT_EQ(tool.answer(), std::nullopt);
  }
  Tool other(engine.external_address());
  EXPECT_TRUE(other.ask(Id::cluster_status_query).at("processing_messages").as_bool());
}

TEST_F(EngineChannelTest, AnswersPiecesAndManyMessagesAtOnce) {
  Engine engine(application(), options());
  engine.start();
  Tool tool(engine.external_address());
  const std::string query = encode({Id::cluster_status_query, {}});
  for (const char byte : query) {
    tool.send({&byte, 1});
  }
  EXPECT_EQ(tool.answer()->id, Id::cluster_status_response);
  std::string many;
  for (int i = 0; i < 500; ++i) {
    many += query;
  }
  tool.send(many);
  for (int i = 0; i < 500; ++i) {
    ASSERT_EQ(tool.answer()->id, Id::cluster_status_response);
  }
}

TEST_F(EngineChannelTest, RefusesAnAddressThatCannotBeUsed) {
  EngineOptions with = options();
  with.external.address = "nowhere";
  EXPECT_THROW(Engine(application(), with), ConfigError);
  Engine first(application(), options());
  first.start();
  with.external.address = first.external_address();
  Engine second(application(), with);
  try {
    second.start();
    FAIL();
  } catch (const IoError& error) {
    EXPECT_NE(std::string(error.what()).find("external channel: cannot listen on 127.0.0.1:"),
              std::string::npos);
  }
}

}  // namespace
}  // namespace wallaroo::internal
