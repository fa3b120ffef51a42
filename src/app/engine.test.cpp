#include <wallaroo/engine.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <string>

#include <wallaroo/wallaroo.hpp>

namespace wallaroo {
namespace {

using internal::ReaderContext;
using internal::SourceReader;

class BrokenReader final : public SourceReader {
 public:
  explicit BrokenReader(bool broken) : broken_(broken) {}
  void start() override {
    if (broken_) {
      throw IoError("source 'broken': no luck today");
    }
  }
  bool poll() override { return false; }
  void stop() override { stopped_ = true; }
  bool finished() const override { return stopped_; }

 private:
  bool broken_;
  bool stopped_ = false;
};

/// Opens, but cannot be started on its second executor.
class BrokenSource final : public internal::Source {
 public:
  void open() override {}
  void set_address(const std::string&) override {}
  std::string address() const override { return "nowhere"; }
  std::unique_ptr<SourceReader> reader(int index, int, const ReaderContext&) override {
    return std::make_unique<BrokenReader>(index == 1);
  }
};

auto broken_source() {
  return internal::RecordSourceDefinition<internal::OwnedInput<int>>{
      [](const std::string&) { return std::make_unique<BrokenSource>(); }};
}

auto listening(const std::string& address) { return tcp_source({.listen = address}, text); }
auto nothing() {
  return concurrent_callback_sink([](const auto&) {});
}

/// Another application, which holds a port as long as it lives.
class Other {
 public:
  explicit Other(const std::string& address = "127.0.0.1:0") {
    Application app("other");
    app.source("in", listening(address)).to_sink("out", nothing());
    engine_.emplace(app, EngineOptions{.threads = 1});
    engine_->start();
  }
  std::string address() const { return engine_->address("in"); }

 private:
  std::optional<Engine> engine_;
};

/// An address with a port that is free now.
std::string free_address() { return Other().address(); }

void expect_can_listen(const std::string& address) { EXPECT_NO_THROW(Other{address}); }

TEST(EngineStart, ThrowsWhatAReaderThrowsOnItsExecutor) {
  const std::string address = free_address();
  Application app("app");
  app.source("fine", listening(address)).to_sink("out", nothing());
  app.source("broken", broken_source()).to_sink("out2", nothing());
  Engine engine(app, {.threads = 2});
  try {
    engine.start();
    ADD_FAILURE() << "started";
  } catch (const IoError& error) {
    EXPECT_STREQ(error.what(), "source 'broken': no luck today");
  }
  const Outcome outcome = engine.wait();
  EXPECT_FALSE(outcome.ok);
  EXPECT_EQ(outcome.error, "source 'broken': no luck today");
  expect_can_listen(address);
}

TEST(EngineStart, ThatFailsHalfWayFreesThePortsAtOnce) {
  const std::string address = free_address();
  const Other holds_port;
  Application app("app");
  app.source("first", listening(address)).to_sink("out", nothing());
  app.source("second", listening(holds_port.address())).to_sink("out2", nothing());
  Engine engine(app, {.threads = 2, .http = "127.0.0.1:0"});
  EXPECT_THROW(engine.start(), IoError);
  expect_can_listen(address);
}

TEST(EngineStart, ThatFailsForItsMetricsFreesThePortsAtOnce) {
  const std::string address = free_address();
  const Other holds_port;
  Application app("app");
  app.source("in", listening(address)).to_sink("out", nothing());
  Engine engine(app, {.threads = 2, .http = holds_port.address()});
  EXPECT_THROW(engine.start(), IoError);
  expect_can_listen(address);
  EXPECT_THROW(engine.address("in"), ConfigError);
  EXPECT_EQ(engine.http_address(), "");
  EXPECT_NE(engine.metrics_text().find("wallaroo_source_records_total"), std::string::npos);
}

Application endless() {
  Application app("endless");
  app.source("numbers", generator_source({}, [](std::uint64_t i) { return i; }))
      .to_sink("nothing", nothing());
  return app;
}

TEST(EngineOutcome, IsNotOkWhenItWasStoppedAtOnce) {
  Engine engine(endless(), {.threads = 2});
  engine.start();
  engine.stop_now();
  const Outcome outcome = engine.wait();
  EXPECT_FALSE(outcome.ok);
  EXPECT_EQ(outcome.error,
            "stopped before everything was drained: records that were on their way are lost");
}

TEST(EngineOutcome, IsOkWhenNothingWasLeftToStop) {
  Engine engine(endless(), {.threads = 2});
  engine.start();
  engine.stop();
  EXPECT_TRUE(engine.wait().ok);
  engine.stop_now();
  EXPECT_TRUE(engine.wait().ok);
}

TEST(EngineMetrics, NameStagesInTheOrderOfTheirDescription) {
  Application app("app");
  app.source("z", generator_source({.count = 1}, [](std::uint64_t i) { return i; }))
      .to("y", [](std::uint64_t i) { return i; })
      .key_by("x", [](std::uint64_t i) { return i; })
      .to("w", [](std::uint64_t i, int&) { return i; })
      .to_sinks(sink("v", nothing()),
                sink("u", file_sink({.path = "/dev/null"},
                                    [](std::uint64_t i) { return std::to_string(i); })));
  Engine engine(app, {.threads = 2});
  engine.start();
  engine.wait();
  const std::string json = engine.metrics_json();
  const auto stages = json.find("\"stages\":[");
  ASSERT_NE(stages, std::string::npos) << json;
  std::size_t last = stages;
  for (const char* const name : {"z", "y", "x", "w", "v", "u"}) {
    const auto at = json.find(fmt::format("{{\"name\":\"{}\"", name), stages);
    ASSERT_NE(at, std::string::npos) << name;
    EXPECT_GT(at, last) << name << " in " << json;
    last = at;
  }
}

/// Throws something unusual when it is copied for an executor.
struct UncopyableLater {
  std::shared_ptr<bool> armed = std::make_shared<bool>(false);

  UncopyableLater() = default;
  UncopyableLater(const UncopyableLater& other) : armed(other.armed) {
    if (*armed) {
      throw 42;
    }
  }
  int operator()(int i) const { return i; }
};

TEST(EngineStart, NamesTheStagesWhoseFunctionsCannotBeCopied) {
  const UncopyableLater function;
  Application app("app");
  app.source("numbers", generator_source({}, [](std::uint64_t) { return 1; }))
      .to("copied", function)
      .to_sink("nothing", nothing());
  Engine engine(app, {.threads = 1});
  *function.armed = true;
  EXPECT_THROW(engine.start(), StageError);
  EXPECT_EQ(engine.wait().error,
            "stages 'numbers', 'copied', 'nothing' cannot be made: an exception that is not a "
            "std::exception");
}

}  // namespace
}  // namespace wallaroo
