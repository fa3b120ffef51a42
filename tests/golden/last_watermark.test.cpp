// The end of a stream: which windows and timers fire, and why, depends only on the records.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <wallaroo/testing.hpp>

#include "golden.rig.hpp"

namespace golden {
namespace {

using namespace std::chrono_literals;
using namespace wallaroo;

constexpr std::int64_t second_ns = 1'000'000'000;

struct Reading {
  int key;
  std::int64_t at_ns;
};
using Counts = WindowResult<int, std::uint64_t>;

std::int64_t seconds(EventTime time) { return time.time_since_epoch().count() / second_ns; }

template <class Result>
std::string text_of(const Result& result) {
  const char* why = result.window.firing == Firing::complete ? "complete" : "closed";
  return fmt::format("{} [{}, {}) {} {}", result.key, result.window.start / second_ns,
                     result.window.end / second_ns, result.value, why);
}

/// A timer each second from 1 s on.
struct Beating {
  bool yes = false;
};
struct Beat {
  void operator()(const Reading&, Beating& beating, Timers& timers, Emitter<std::string>&) {
    if (!std::exchange(beating.yes, true)) {
      timers.at(EventTime(1s));
    }
  }
  void on_timer(const int& key, Beating&, const Timer& timer, Timers& timers,
                Emitter<std::string>& emit) {
    emit(fmt::format("{} beats at {}", key, seconds(timer.due)));
    timers.at(timer.due + 1s);
  }
};

/// The records that the sinks saw.
class Seen {
 public:
  auto sink() {
    return concurrent_callback_sink([this](const std::string& line) {
      const std::lock_guard lock(mutex_);
      lines_.push_back(line);
    });
  }
  std::vector<std::string> sorted() {
    std::sort(lines_.begin(), lines_.end());
    return lines_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

struct Shape {
  std::int64_t lateness_s = 0;
  std::int64_t delay_s = 0;
  std::int64_t range_s = 10;
};

EventTimeOptions times_of(const Shape& shape) {
  EventTimeOptions times = bounded_lateness(std::chrono::seconds(shape.lateness_s));
  times.idle_after = 0ns;  // a thread that gets no processor time must lose nothing
  return times;
}

/// Windows, windows behind them, and timers of a stamped stream.
template <class Stream>
void build(Stream stamped, const Shape& shape, Seen& seen) {
  const auto range = std::chrono::seconds(shape.range_s);
  const auto keyed = stamped.key_by("key", &Reading::key);
  const auto first = keyed.to("first", range_windows(range)
                                           .with_delay(std::chrono::seconds(shape.delay_s))
                                           .without_timeout()
                                           .over(count()));
  first.to("first text", text_of<Counts>).to_sink("first out", seen.sink());
  first.key_by("all", [](const Counts&) { return 100; })
      .to("second", range_windows(2 * range).without_timeout().over(
                        sum([](const Counts& counts) { return counts.value; })))
      .to("second text", text_of<Counts>)
      .to_sink("second out", seen.sink());
  keyed.to("sessions", session_windows(3s).without_timeout().over(count()))
      .to("sessions text", [](const Counts& counts) { return "session " + text_of(counts); })
      .to_sink("sessions out", seen.sink());
  keyed.to("beat", Beat{}).to_sink("beats out", seen.sink());
}

/// The rules of docs/guide/event-time.md for the end.
std::vector<std::string> expected_of(const std::vector<Reading>& readings, const Shape& shape) {
  std::int64_t last_s = std::numeric_limits<std::int64_t>::min();
  for (const Reading& reading : readings) {
    last_s = std::max(last_s, reading.at_ns / second_ns - shape.lateness_s);
  }
  std::map<std::pair<int, std::int64_t>, std::uint64_t> first;
  std::map<std::pair<int, std::int64_t>, std::uint64_t> second;
  std::map<int, std::vector<std::int64_t>> of_key;
  const std::int64_t wide_s = 2 * shape.range_s;
  for (const Reading& reading : readings) {
    const std::int64_t at_s = reading.at_ns / second_ns;
    ++first[{reading.key, at_s / shape.range_s * shape.range_s}];
    ++second[{100, at_s / wide_s * wide_s}];
    of_key[reading.key].push_back(at_s);
  }
  std::vector<std::string> lines;
  const auto add = [&](const char* what, int key, std::int64_t start_s, std::int64_t end_s,
                       std::uint64_t value, std::int64_t watermark_s) {
    lines.push_back(fmt::format("{}{} [{}, {}) {} {}", what, key, start_s, end_s, value,
                                end_s <= watermark_s ? "complete" : "closed"));
  };
  for (const auto& [window, value] : first) {
    add("", window.first, window.second, window.second + shape.range_s, value, last_s);
  }
  for (const auto& [window, value] : second) {
    // The watermark behind windows is that of the windows that have fired, less the delay.
    add("", 100, window.second, window.second + wide_s, value, last_s - shape.delay_s);
  }
  for (auto& [key, at_s] : of_key) {
    std::sort(at_s.begin(), at_s.end());
    for (auto from = at_s.begin(); from != at_s.end();) {
      auto to = from + 1;
      while (to != at_s.end() && *to - *(to - 1) < 3) {
        ++to;
      }
      add("session ", key, *from, *(to - 1) + 3, static_cast<std::uint64_t>(to - from), last_s);
      from = to;
    }
    // The timers that the last watermark made due, and the one that is set by the last of them.
    for (std::int64_t beat_s = 1; beat_s <= std::max<std::int64_t>(last_s, 0) + 1; ++beat_s) {
      lines.push_back(fmt::format("{} beats at {}", key, beat_s));
    }
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

/// Records in order of time, of some seconds each, by several keys.
std::vector<Reading> any_readings() {
  std::vector<Reading> readings;
  std::int64_t at_s = 0;
  for (int i = *rc::gen::inRange(1, 80); i > 0; --i) {
    at_s += *rc::gen::element(0, 1, 1, 2, 7);
    readings.push_back({*rc::gen::inRange(0, 4), at_s * second_ns});
  }
  return readings;
}

Shape any_shape() {
  return {*rc::gen::element<std::int64_t>(0, 0, 4), *rc::gen::element<std::int64_t>(0, 5),
          *rc::gen::element<std::int64_t>(4, 10)};
}

RC_GTEST_PROP(TheEnd, ComesAfterAllThatTheLastRecordsHaveMadeDueOnAnyNumberOfThreads, ()) {
  const auto readings = any_readings();
  const Shape shape = any_shape();
  const int threads = *rc::gen::inRange(1, 5);
  Seen seen;
  Application app("the end");
  build(app.source("in", generator_source(
                             {.count = readings.size(), .partitions = *rc::gen::inRange(1, 5)},
                             [readings](std::uint64_t i) { return readings[i]; }))
            .event_time("time", &Reading::at_ns, times_of(shape)),
        shape, seen);
  run_well(app, threads);
  RC_ASSERT(seen.sorted() == expected_of(readings, shape));
}

// One of them may give no record at all, and which ends first depends on the threads.
RC_GTEST_PROP(TheEnd, OfSeveralSourcesIsThatOfTheOneThatHasComeFurthest, ()) {
  const Shape shape = any_shape();
  const int threads = *rc::gen::inRange(1, 5);
  const auto north = any_readings();
  const auto south = *rc::gen::inRange(0, 4) == 0 ? std::vector<Reading>() : any_readings();
  std::vector<Reading> all = north;
  all.insert(all.end(), south.begin(), south.end());
  Seen seen;
  Application app("merged ends");
  const auto source = [&](const std::string& name, const std::vector<Reading>& readings) {
    return app.source(name, memory_source(std::span<const Reading>(readings)))
        .event_time(name + " time", &Reading::at_ns, times_of(shape));
  };
  build(source("north", north).merge(source("south", south)), shape, seen);
  run_well(app, threads);
  RC_ASSERT(seen.sorted() == expected_of(all, shape));
}

/// An application whose records a test supplies.
struct Fed {
  explicit Fed(const Shape& shape, Seen& seen) {
    build(app.source("in", input.source()).event_time("time", &Reading::at_ns, times_of(shape)),
          shape, seen);
  }
  wallaroo::testing::Input<Reading> input;
  Application app{"fed"};
};

RC_GTEST_PROP(TheEnd, IsTheSameInAnyBatchesAndBehindARestartOnAnotherNumberOfThreads, ()) {
  const auto readings = any_readings();
  const Shape shape = any_shape();
  Seen seen;
  Fed fed(shape, seen);
  wallaroo::testing::HarnessOptions options;
  options.executors = *rc::gen::inRange(1, 5);
  auto harness = std::make_unique<wallaroo::testing::Harness>(fed.app, options);
  const auto restart = [&] {
    options.restore = harness->checkpoint();
    options.executors = *rc::gen::inRange(1, 5);
    harness = std::make_unique<wallaroo::testing::Harness>(fed.app, options);
  };
  const std::size_t kill_at = *rc::gen::inRange<std::size_t>(0, readings.size() + 1);
  for (std::size_t i = 0; i < readings.size(); ++i) {
    if (i == kill_at) {
      harness->run();
      restart();
    }
    fed.input.push(readings[i]);
    if (*rc::gen::arbitrary<bool>()) {
      harness->run();
    }
  }
  if (*rc::gen::arbitrary<bool>()) {
    harness->run();
    restart();
  }
  harness->end();
  // After the end no record comes.
  restart();
  harness->end();
  RC_ASSERT(seen.sorted() == expected_of(readings, shape));
}

}  // namespace
}  // namespace golden
