#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include <wallaroo/wallaroo.hpp>

#include "source/generated/value_generator.hpp"

namespace wallaroo {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t last = 400;

struct Counting {
  std::chrono::milliseconds pause;

  std::optional<std::uint64_t> initial_value() { return 1; }
  std::optional<std::uint64_t> apply(const std::uint64_t& current) {
    std::this_thread::sleep_for(pause);
    return current < last ? std::optional(current + 1) : std::nullopt;
  }
};

class ValueGeneratorInAnEngine : public testing::Test {
 protected:
  ValueGeneratorInAnEngine() {
    std::string name = (std::filesystem::temp_directory_path() / "values-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
  }
  ~ValueGeneratorInAnEngine() override {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }

  Engine engine(std::chrono::milliseconds pause) const {
    Application app("numbers");
    const auto make = [pause](const std::string& name) {
      using Source = internal::ValueGeneratorSource<std::uint64_t, Counting>;
      return std::make_unique<Source>(name, internal::ValueGeneratorOptions{.batch_records = 3},
                                      Counting{pause});
    };
    app.source("numbers",
               internal::RecordSourceDefinition<internal::OwnedInput<std::uint64_t>>{make})
        .to_sink("lines", file_sink({.path = output()}, [](const std::uint64_t& number) {
                   return std::to_string(number) + "\n";
                 }));
    EngineOptions options;
    options.threads = 2;
    options.checkpoints.directory = root_ / "checkpoints";
    options.checkpoints.interval = 10ms;
    return Engine(app, options);
  }
  std::string output() const { return root_ / "output"; }
  std::size_t written() const {
    std::error_code ignored;
    const auto size = std::filesystem::file_size(output(), ignored);
    return ignored ? 0 : size;
  }

  std::filesystem::path root_;
};

TEST_F(ValueGeneratorInAnEngine, GoesOnFromTheValueInTheCheckpoint) {
  for (int times = 0; times < 3; ++times) {
    Engine running = engine(1ms);
    running.start();
    for (const std::size_t before = written(); written() == before;) {
      ASSERT_FALSE(running.wait_for(1ms).has_value());
    }
    times == 0 ? running.stop() : running.stop_now();
    running.wait();
  }
  ASSERT_GT(written(), 0U);
  Engine rest = engine(0ms);
  rest.start();
  EXPECT_TRUE(rest.wait().ok);
  std::ifstream lines(output());
  for (std::uint64_t expected = 1; expected <= last; ++expected) {
    std::uint64_t number = 0;
    ASSERT_TRUE(lines >> number);
    ASSERT_EQ(number, expected);
  }
  std::string more;
  EXPECT_FALSE(lines >> more);
}

}  // namespace
}  // namespace wallaroo
