// Streams of a connector source in event time: which of them are waited for after a restart or a
// broken connection.
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <wallaroo/connector_client.hpp>
#include <wallaroo/wallaroo.hpp>

namespace golden {
namespace {

using namespace std::chrono_literals;
using namespace wallaroo;

struct Message {
  std::uint64_t stream = 0;
  std::int64_t number = 0;
};
Message parse(std::string_view text) {
  const auto space = text.find(' ');
  return {std::stoull(std::string(text.substr(0, space))),
          std::stoll(std::string(text.substr(space + 1)))};
}

class TimeOverReader : public testing::TestWithParam<int> {
 protected:
  static constexpr std::uint64_t streams = 3;

  TimeOverReader() {
    std::string path = testing::TempDir() + "streams-XXXXXX";
    EXPECT_NE(::mkdtemp(path.data()), nullptr);
    options_.checkpoints.directory = path;
    options_.checkpoints.interval = 20ms;
    options_.threads = GetParam();
  }
  ~TimeOverReader() override {
    engine_.reset();
    std::filesystem::remove_all(options_.checkpoints.directory);
  }

  void start(std::chrono::nanoseconds idle_after) {
    app_ = std::make_unique<Application>("streams");
    EventTimeOptions times = ascending();
    times.idle_after = idle_after;
    app_->source("feed", connector_source({.listen = "127.0.0.1:0", .cookie = "cookie"}, parse))
        .event_time(
            "time",
            [](const Message& message) {
              return EventTime(std::chrono::milliseconds(10 * message.number));
            },
            times)
        .key_by("stream", &Message::stream)
        .to("count", range_windows(1s).without_timeout().over(count()))
        .to_sink("out", callback_sink([](const WindowResult<std::uint64_t, std::uint64_t>&) {}));
    engine_.emplace(*app_, options_);
    engine_->start();
  }
  void stop() {
    engine_->stop();
    EXPECT_TRUE(engine_->wait().ok);
    engine_.reset();
  }

  /// A program that feeds one stream.
  struct Feeder {
    Feeder(const std::string& address, std::uint64_t stream)
        : client({.address = address, .cookie = "cookie", .retry_open = 20ms}),
          numbers(client.open_stream(stream, fmt::format("stream {}", stream))) {}
    void send_until(std::uint64_t end) {
      for (std::uint64_t n = numbers.position ? *numbers.position + 1 : 0; n < end;
           n = *numbers.position + 1) {
        client.send(numbers, n, fmt::format("{} {}", numbers.id, n));
      }
      client.poll(1ms);
    }
    ConnectorClient client;
    ConnectorStream& numbers;
  };
  std::unique_ptr<Feeder> feeder(std::uint64_t stream) const {
    return std::make_unique<Feeder>(engine_->address("feed"), stream);
  }

  std::uint64_t sum(const std::string& metric) const {
    const std::string text = engine_->metrics_text();
    std::uint64_t total = 0;
    for (auto at = text.find(metric + "{"); at != std::string::npos;
         at = text.find(metric + "{", at + 1)) {
      const std::string line = text.substr(at, text.find('\n', at) - at);
      if (line.find("stage=\"count\"") != std::string::npos) {
        total += std::stoull(line.substr(line.rfind(' ')));
      }
    }
    return total;
  }
  void wait_for_records(std::uint64_t records) const {
    for (int waited = 0; sum("wallaroo_stage_records_in_total") < records; ++waited) {
      ASSERT_LT(waited, 6000) << "the records do not arrive";
      std::this_thread::sleep_for(5ms);
    }
  }
  void wait_until_fired() const {
    for (int waited = 0; sum("wallaroo_stage_windows_fired_total") == 0; ++waited) {
      ASSERT_LT(waited, 6000) << "nothing fires";
      std::this_thread::sleep_for(5ms);
    }
  }
  std::uint64_t late() const { return sum("wallaroo_stage_late_records_total"); }

  EngineOptions options_;
  std::unique_ptr<Application> app_;
  std::optional<Engine> engine_;
};

constexpr std::uint64_t half = 500;

TEST_P(TimeOverReader, StreamsThatComeBackOneAfterTheOtherAfterARestartAreNotLate) {
  start(60s);
  std::vector<std::unique_ptr<Feeder>> feeders;
  for (std::uint64_t stream = 0; stream < streams; ++stream) {
    feeders.push_back(feeder(stream));
  }
  for (std::uint64_t end = 50; end <= half; end += 50) {
    for (const auto& each : feeders) {
      each->send_until(end);
    }
  }
  wait_for_records(streams * half);
  EXPECT_EQ(late(), 0U);
  feeders.clear();
  stop();

  start(60s);
  for (std::uint64_t stream = 0; stream < streams; ++stream) {
    feeders.push_back(feeder(stream));
    EXPECT_EQ(feeders.back()->numbers.position, half - 1);
    feeders.back()->send_until(2 * half);
    if (stream + 1 < streams) {
      wait_for_records((stream + 1) * half);
      EXPECT_EQ(sum("wallaroo_stage_windows_fired_total"), 0U) << "not all are back";
    }
  }
  wait_for_records(streams * half);
  wait_until_fired();
  EXPECT_EQ(late(), 0U);
  feeders.clear();
  stop();
}

TEST_P(TimeOverReader, AStreamThatStaysAwayAfterARestartIsNotWaitedForLongerThanItMayBeIdle) {
  start(60s);
  for (std::uint64_t stream = 0; stream < 2; ++stream) {
    feeder(stream)->send_until(half);
  }
  wait_for_records(2 * half);
  stop();

  start(300ms);
  const auto back = feeder(0);
  back->send_until(2 * half);
  wait_until_fired();
  stop();
}

TEST_P(TimeOverReader, AStreamThatWasCutAndComesBackIsNotLate) {
  start(60s);
  const auto other = feeder(0);
  auto cut = feeder(1);
  other->send_until(half);
  cut->send_until(half);
  wait_for_records(2 * half);
  cut.reset();
  other->send_until(2 * half);
  wait_for_records(3 * half);
  cut = feeder(1);
  cut->send_until(2 * half);
  wait_for_records(4 * half);
  EXPECT_EQ(late(), 0U);
  stop();
}

INSTANTIATE_TEST_SUITE_P(Threads, TimeOverReader, testing::Values(1, 3));

}  // namespace
}  // namespace golden
