// Takes ticks with a time through an application on one executor.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <wallaroo/testing.hpp>
#include <wallaroo/wallaroo.hpp>

namespace golden::times {

using namespace std::chrono_literals;  // NOLINT
using Lines = std::vector<std::string>;

struct Tick {
  int key;
  std::int64_t at_s;
  std::int64_t value = 1;
};
inline wallaroo::EventTime time_of(const Tick& tick) {
  return wallaroo::EventTime(std::chrono::seconds(tick.at_s));
}

using Count = wallaroo::WindowResult<int, std::uint64_t>;
using Total = wallaroo::WindowResult<int, std::int64_t>;

template <class Value>
std::string text_of(const wallaroo::WindowResult<int, Value>& result) {
  constexpr std::int64_t second = 1'000'000'000;
  return fmt::format("{} [{}, {}) {}", result.key, result.window.start / second,
                     result.window.end / second, result.value);
}

inline std::uint64_t count_of(const Count& count) { return count.value; }

/// The application that `build(rig, stream of ticks)` describes, a harness around it, and the
/// output of its sinks.
struct Rig {
  template <class Build>
  explicit Rig(Build build) {
    build(*this, app.source("ticks", input.source()));
    harness.emplace(app);
  }
  auto sink() {
    return wallaroo::callback_sink([this](const std::string& line) { seen.push_back(line); });
  }
  Lines take() { return std::exchange(seen, {}); }
  Lines give(std::initializer_list<Tick> ticks) {
    for (const Tick& tick : ticks) {
      input.push(tick);
    }
    harness->run();
    return take();
  }
  Lines end() {
    harness->end();
    return take();
  }
  bool counts(const std::string& metric, const std::string& stage, int value) const {
    const std::string text = harness->metrics_text();
    const std::string wanted =
        fmt::format("stage=\"{}\",worker=\"worker1\",executor=\"0\"}} {}\n", stage, value);
    for (std::size_t at = text.find(metric + "{"); at != std::string::npos;
         at = text.find(metric + "{", at + 1)) {
      const std::string line = text.substr(at, text.find('\n', at) + 1 - at);
      if (line.ends_with(wanted)) {
        return true;
      }
    }
    return false;
  }

  wallaroo::Application app{"times"};
  wallaroo::testing::Input<Tick> input;
  Lines seen;
  std::optional<wallaroo::testing::Harness> harness;
};

}  // namespace golden::times
