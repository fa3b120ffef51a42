// External programs feed streams over the connector protocol into a whole engine.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <wallaroo/connector_client.hpp>
#include <wallaroo/wallaroo.hpp>

namespace golden {
namespace {

using namespace wallaroo;

struct Record {
  std::uint64_t stream = 0;
  std::uint64_t number = 0;
};

Record parse(std::string_view text) {
  const auto space = text.find(' ');
  return {std::stoull(std::string(text.substr(0, space))),
          std::stoull(std::string(text.substr(space + 1)))};
}

class Folder {
 public:
  Folder() {
    std::string path = testing::TempDir() + "connector-XXXXXX";
    EXPECT_NE(::mkdtemp(path.data()), nullptr);
    path_ = path;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class ConnectorSource : public testing::TestWithParam<int> {
 protected:
  ConnectorSource() {
    app_.source("feed",
                connector_source({.listen = "127.0.0.1:0", .cookie = "cookie", .max_credits = 100},
                                 parse))
        .key_by("stream", [](const Record& record) { return record.stream; })
        .to_sink("out", callback_sink([this](const Record& record) {
                   const std::lock_guard lock(mutex_);
                   numbers_[record.stream].push_back(record.number);
                 }));
    options_.threads = GetParam();
  }

  void take_checkpoints_in(const Folder& folder) {
    options_.checkpoints.directory = folder.path();
    options_.checkpoints.interval = std::chrono::milliseconds(5);
  }
  void start() {
    engine_.emplace(app_, options_);
    engine_->start();
  }

  /// Sends the pieces, each over a new connection, and then ends the stream.
  void feed(std::uint64_t stream, std::uint64_t count, std::uint64_t pieces) {
    for (std::uint64_t piece = 1; piece <= pieces; ++piece) {
      ConnectorClient client({.address = engine_->address("feed"), .cookie = "cookie"});
      ConnectorStream& numbers = client.open_stream(stream, std::to_string(stream));
      const auto next = [&] { return numbers.position ? *numbers.position + 1 : 0; };
      for (std::uint64_t n = next(); n < count * piece / pieces; n = next()) {
        client.send(numbers, n, fmt::format("{} {}", stream, n));
      }
      if (piece == pieces) {
        EXPECT_TRUE(client.end_stream(numbers));
      }
    }
  }
  /// Six programs at once, which connect up to six times each.
  void feed_all() {
    start();
    constexpr std::uint64_t count = 2000;
    std::vector<std::thread> programs;
    for (std::uint64_t stream = 0; stream < 6; ++stream) {
      programs.emplace_back([this, stream] { feed(stream, count, 1 + stream); });
    }
    for (std::thread& each : programs) {
      each.join();
    }
    std::vector<std::uint64_t> wanted(count);
    for (std::uint64_t n = 0; n < count; ++n) {
      wanted[n] = n;
    }
    auto numbers = drain();
    EXPECT_EQ(numbers.size(), 6U);
    for (auto& [stream, got] : numbers) {
      // Without checkpoints a stream may move to another executor while its records are under way.
      if (options_.checkpoints.directory.empty() && options_.threads != 1) {
        std::sort(got.begin(), got.end());
      }
      EXPECT_EQ(got, wanted) << "stream " << stream;
    }
  }
  std::string address() const { return engine_->address("feed"); }
  std::map<std::uint64_t, std::vector<std::uint64_t>> drain() {
    engine_->stop();
    EXPECT_TRUE(engine_->wait().ok);
    return numbers_;
  }

 private:
  Application app_{"connectors"};
  std::mutex mutex_;
  std::map<std::uint64_t, std::vector<std::uint64_t>> numbers_;
  std::optional<Engine> engine_;

 protected:
  EngineOptions options_;
};

TEST_P(ConnectorSource, EveryMessageOfManyStreamsArrivesOnceAndInOrder) { feed_all(); }

TEST_P(ConnectorSource, StreamsThatMoveBetweenThreadsWaitForACheckpointAndLoseNothing) {
  const Folder folder;
  take_checkpoints_in(folder);
  feed_all();
}

TEST_P(ConnectorSource, AcrossRestartsOnlyWhatNoCheckpointHasIsSentAgain) {
  const Folder folder;
  take_checkpoints_in(folder);
  constexpr std::uint64_t each_run = 500;
  std::vector<std::uint64_t> wanted;
  for (int run = 0; run < 3; ++run) {
    start();
    ConnectorClient client({.address = address(), .cookie = "cookie"});
    ConnectorStream& numbers = client.open_stream(7, "seven");
    EXPECT_EQ(numbers.position.has_value(), run > 0);
    const std::uint64_t first = numbers.position ? *numbers.position + 1 : 0;
    EXPECT_EQ(first, wanted.size());
    for (std::uint64_t n = first; n < first + each_run; ++n) {
      ASSERT_TRUE(client.send(numbers, n, fmt::format("7 {}", n)));
      wanted.push_back(n);
    }
    while (numbers.acknowledged != wanted.back()) {
      client.poll(std::chrono::milliseconds(100));
    }
    if (run == 2) {
      EXPECT_TRUE(client.end_stream(numbers));
    }
    EXPECT_EQ(drain()[7], wanted) << "run " << run;
  }
}

INSTANTIATE_TEST_SUITE_P(Threads, ConnectorSource, testing::Values(1, 3));

}  // namespace
}  // namespace golden
