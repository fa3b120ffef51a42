// Values of options that cannot work are refused at start, by an error that names the stage, source
// or sink.
#include <chrono>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include <wallaroo/testing.hpp>
#include <wallaroo/wallaroo.hpp>

namespace wallaroo {
namespace {

using namespace std::chrono_literals;

constexpr auto most_ms = std::chrono::milliseconds::max();
constexpr auto least_ms = std::chrono::milliseconds::min();
constexpr auto most_ns = std::chrono::nanoseconds::max();
const std::string cut_off("cut\0off", 7);

std::string digits(std::uint64_t n) { return std::to_string(n); }

using Build = std::function<void(Application&)>;

std::string refusal(const Build& build, EngineOptions options = {}) {
  options.threads = options.threads == 0 ? 1 : options.threads;
  try {
    Application app("options");
    build(app);
    Engine engine(app, options);
    engine.start();
    engine.stop_now();
    return "nothing";
  } catch (const ConfigError& error) {
    return error.what();
  }
}

void expect_refused(const std::string& said, std::initializer_list<const char*> parts) {
  for (const char* const part : parts) {
    EXPECT_NE(said.find(part), said.npos) << "no " << part << " in: " << said;
  }
}

Build generated(const GeneratorOptions& options) {
  return [options](Application& app) {
    app.source("in", generator_source(options, digits))
        .to_sink("out", callback_sink([](const std::string&) {}));
  };
}
template <class Definition>
Build from(Definition definition) {
  return [definition](Application& app) {
    app.source("in", definition).to_sink("out", callback_sink([](const std::string&) {}));
  };
}
template <class Definition>
Build into(Definition definition) {
  return [definition](Application& app) {
    app.source("in", generator_source({.count = 1}, digits)).to_sink("out", definition);
  };
}

TEST(OptionsOfSources, ThatCannotWorkAreRefused) {
  for (const double rate : {1e28, 1e10, -1.0, 1e-30, HUGE_VAL, std::nan("")}) {
    expect_refused(refusal(generated({.rate_per_second = rate, .count = 10})),
                   {"source 'in'", "rate_per_second", "from 1e-06 to 1000000000"});
  }
  for (const int partitions : {0, -1, 65'537, std::numeric_limits<int>::max()}) {
    const std::string value = "partitions is " + std::to_string(partitions);
    expect_refused(refusal(generated({.count = 10, .partitions = partitions})),
                   {"source 'in'", value.c_str(), "from 1 to 65536"});
  }
  static const std::string records[] = {"a"};
  expect_refused(
      refusal(from(memory_source(std::span<const std::string>(records), {.partitions = 0}))),
      {"source 'in': partitions is 0; it must be from 1 to 65536"});
  for (const std::string& address : {std::string("127.0.0.1:0\0", 12), std::string("127.0.0.1"),
                                     std::string("127.0.0.1:65536"), std::string()}) {
    expect_refused(refusal(from(tcp_source({.listen = address}, text))), {"source 'in'"});
    expect_refused(refusal(from(connector_source({.listen = address}, text))), {"source 'in'"});
  }
  const std::string any = "127.0.0.1:0";
  expect_refused(refusal(from(tcp_source({.listen = any, .max_connections = 0}, text))),
                 {"source 'in': max_connections is 0; it must be at least 1"});
  for (const std::size_t size : {std::size_t{0}, std::numeric_limits<std::size_t>::max()}) {
    expect_refused(refusal(from(tcp_source({.listen = any, .max_frame_bytes = size}, text))),
                   {"source 'in'", "max_frame_bytes must be from 1 to"});
    expect_refused(refusal(from(connector_source({.listen = any, .max_frame_bytes = size}, text))),
                   {"source 'in'", "max_frame_bytes must be from 1 to"});
    expect_refused(refusal(from(file_source({.paths = {"-"}, .max_frame_bytes = size}, text))),
                   {"source 'in'", "max_frame_bytes must be from 1 to"});
  }
  expect_refused(refusal(from(connector_source({.listen = any, .max_credits = 0}, text))),
                 {"source 'in'", "max_credits"});
  expect_refused(refusal(from(file_source({.paths = {}}, text))), {"source 'in'", "path"});
  expect_refused(refusal(from(file_source({.paths = {cut_off}}, text))),
                 {"source 'in'", "path", "zero byte behind 'cut'"});
}

TEST(OptionsOfSinks, ThatCannotWorkAreRefused) {
  const auto tcp = [](TcpSinkOptions options) {
    options.connect = "127.0.0.1:1";
    return refusal(into(tcp_sink(options, line)));
  };
  const auto connector = [](ConnectorSinkOptions options) {
    options.connect = "127.0.0.1:1";
    return refusal(into(connector_sink(options, line)));
  };
  for (const auto time : {least_ms, -1ms, most_ms}) {
    const std::string value = " is " + std::to_string(time.count()) + " ms; it must be from";
    const std::string drain = "sink 'out': drain_timeout" + value;
    EXPECT_EQ(tcp({.drain_timeout = time}).find(drain), 0U);
    EXPECT_EQ(connector({.drain_timeout = time}).find(drain), 0U);
    const std::string first = "sink 'out': first_backoff" + value;
    EXPECT_EQ(tcp({.first_backoff = time, .max_backoff = most_ms}).find(first), 0U);
    EXPECT_EQ(connector({.first_backoff = time, .max_backoff = most_ms}).find(first), 0U);
    EXPECT_EQ(tcp({.max_backoff = time}).find("sink 'out': max_backoff" + value), 0U);
    EXPECT_EQ(connector({.max_backoff = time}).find("sink 'out': max_backoff" + value), 0U);
    EXPECT_EQ(refusal(into(file_sink({.path = "-", .roll_every = time}, line)))
                  .find("sink 'out': roll_every" + value),
              0U);
  }
  expect_refused(tcp({.first_backoff = 2s, .max_backoff = 1s}), {"sink 'out'", "max_backoff"});
  expect_refused(tcp({.max_buffer_bytes = 0}), {"sink 'out': max_buffer_bytes is 0"});
  expect_refused(connector({.max_buffer_bytes = 0}), {"sink 'out': max_buffer_bytes is 0"});
  expect_refused(refusal(into(tcp_sink({.connect = "127.0.0.1:0"}, line))), {"sink 'out'", "port"});
  for (const std::string& path : {std::string(), cut_off}) {
    expect_refused(refusal(into(file_sink({.path = path}, line))), {"sink 'out': path"});
  }
}

TEST(OptionsOfStages, ThatCannotWorkAreRefused) {
  const auto timed = [](const EventTimeOptions& options) {
    return refusal([options](Application& app) {
      app.source("in", generator_source({.count = 1}, digits))
          .event_time(
              "time", [](const std::string&) { return std::int64_t{0}; }, options)
          .to_sink("out", callback_sink([](const std::string&) {}));
    });
  };
  expect_refused(timed({.lateness = -1ns}), {"stage 'time'", "lateness"});
  expect_refused(timed({.idle_after = -1ns}), {"stage 'time'", "idle_after"});
  expect_refused(timed({.max_ahead = -1ns}), {"stage 'time'", "max_ahead"});
  const auto windows = [](const auto& shape) {
    return refusal([shape](Application& app) {
      app.source("in", generator_source({.count = 1}, digits))
          .to("sums", shape.over(count()))
          .to_sink("out", callback_sink([](const auto&) {}));
    });
  };
  expect_refused(windows(range_windows(0s)), {"sums", "range"});
  expect_refused(windows(range_windows(std::chrono::hours::max())), {"sums", "range"});
  expect_refused(windows(range_windows(10s).with_slide(-1s)), {"sums", "slide"});
  expect_refused(windows(range_windows(10s).with_delay(-1s)), {"sums", "delay"});
  expect_refused(windows(range_windows(10s).with_timeout(0s)), {"sums", "timeout"});
  expect_refused(windows(session_windows(-1s)), {"sums", "gap"});
  expect_refused(windows(count_windows(0)), {"sums", "count"});
}

TEST(OptionsOfAnEngine, ThatCannotWorkAreRefused) {
  const auto checkpoints = [](CheckpointOptions options) {
    options.directory = options.directory.empty() ? "/nonexistent/checkpoints" : options.directory;
    return refusal(generated({.count = 1}), {.checkpoints = options});
  };
  for (const auto time : {std::chrono::nanoseconds::min(), 0ns, most_ns}) {
    expect_refused(checkpoints({.interval = time}), {"checkpoints: interval is ", "from 1 ns to"});
    expect_refused(checkpoints({.timeout = time}), {"checkpoints: timeout is ", "from 1 ns to"});
  }
  expect_refused(checkpoints({.retain = 0}), {"checkpoints: retain is 0"});
  expect_refused(checkpoints({.directory = cut_off}), {"checkpoints: directory", "zero byte"});
  for (const int threads : {-1, 257}) {
    expect_refused(refusal(generated({.count = 1}), {.threads = threads}), {"threads"});
  }
  expect_refused(refusal(generated({.count = 1}), {.http = "127.0.0.1:70000"}), {"http"});
}

TEST(OptionsOfAHarness, ThatCannotWorkAreRefused) {
  Application app("options");
  generated({.count = 1})(app);
  for (const int executors : {0, -1, 257}) {
    EXPECT_THROW(testing::Harness(app, testing::HarnessOptions{.executors = executors}),
                 ConfigError);
  }
}

TEST(OptionsOfSources, AtTheirEndsThatWorkAreTaken) {
  EXPECT_EQ(refusal(generated({.rate_per_second = 1e9, .count = 10})), "nothing");
  EXPECT_EQ(refusal(generated({.rate_per_second = 1e-6, .count = 10})), "nothing");
  EXPECT_EQ(refusal(generated({.count = 10, .partitions = 65'536})), "nothing");
}

}  // namespace
}  // namespace wallaroo
