// Tests which calls of a chain's functions are timed, and which part of them.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>

#include <wallaroo/emitter.hpp>

#include "metrics/histogram_bins.hpp"
#include "step/chain.rig.hpp"

namespace wallaroo::internal {
namespace {

using namespace std::chrono_literals;
using testing_support::sink_id;
using testing_support::stage_id;
using testing_support::Surroundings;

std::uint64_t timed(const LatencyHistogram& latency) { return read_bins(latency).total; }

/// The duration of the longest timed call, within a factor of two; 0 when none was timed.
std::chrono::nanoseconds longest(const LatencyHistogram& latency) {
  for (std::size_t bin = LatencyHistogram::bins; bin-- > 1;) {
    if (latency.in_bin(bin) != 0) {
      return std::chrono::nanoseconds(LatencyHistogram::upper_bound_ns(bin - 1));
    }
  }
  return 0ns;
}

/// An upper bound of the shortest timed call, within a factor of two.
std::chrono::nanoseconds shortest(const LatencyHistogram& latency) {
  for (std::size_t bin = 1; bin < LatencyHistogram::bins; ++bin) {
    if (latency.in_bin(bin) != 0) {
      return std::chrono::nanoseconds(LatencyHistogram::upper_bound_ns(bin));
    }
  }
  return 0ns;
}

/// A chain of one function and a callback that gets batches of numbers.
template <class F, class Callback>
struct Fed {
  using Step = ComputationStep<StoredFunction<F>, int, NoKey>;
  using Terminal = CallbackTerminal<typename Step::Output, Callback>;
  using Made = Chain<OwnedInput<int>, Terminal, Step>;

  Fed(F function, Callback callback)
      : chain({{}, {typename Step::Spec{stage_id, function}}, {sink_id, callback}},
              around.context()) {}

  void batch(int records) {
    RecordBatch<int> numbers;
    for (int i = 0; i < records; ++i) {
      numbers.emplace(next++);
    }
    numbers.ingest_ns = around.clock.now_ns();
    chain.process(numbers);
  }

  Surroundings around{{}};
  Made chain;
  int next = 0;
};

TEST(Timing, ARecordThatIsRareBehindAFilterIsTimedInEachOfManyBatches) {
  int passed = 0;
  Fed fed([](int n) { return n % 1000 == 500 ? std::optional(n) : std::nullopt; },
          [&passed](const int&) {
            ++passed;
            std::this_thread::sleep_for(2ms);
          });
  for (int i = 0; i < 20; ++i) {
    fed.batch(1000);
  }
  EXPECT_EQ(passed, 20);
  // The number depends on the machine. With a fixed share of the batches it would be at most 1.
  EXPECT_GE(timed(fed.around.sink.metrics.latency), 4U);
  EXPECT_GE(longest(fed.around.sink.metrics.latency), 1ms);
}

TEST(Timing, WhatAFunctionEmitsWhileItRunsIsNotItsOwnTime) {
  Fed fed(
      [](int n, Emitter<int>& emit) {
        for (int i = 0; i < 600; ++i) {  // more than an emitter holds
          emit(n);
        }
      },
      [](const int&) { std::this_thread::sleep_for(50us); });
  fed.batch(10);
  EXPECT_GE(timed(fed.around.stage.metrics.latency), 1U);
  // A call hands on 512 outputs while it runs, which takes 25 ms that must not count. The machine
  // does not interrupt every call, so the shortest one shows that.
  EXPECT_LT(shortest(fed.around.stage.metrics.latency), 17ms);
  EXPECT_GE(timed(fed.around.sink.metrics.latency), 1U);
}

TEST(Timing, ACallThatThrowsLeavesItsTurnToTheNext) {
  Fed fed(
      [](int n) {
        if (n < 5) {
          throw std::runtime_error("no");
        }
        return n;
      },
      [](const int&) {});
  fed.around.stage_info.on_error = OnError::skip;
  fed.batch(6);
  EXPECT_EQ(fed.around.stage.metrics.errors.value(), 5U);
  EXPECT_EQ(timed(fed.around.stage.metrics.latency), 1U);
  EXPECT_EQ(timed(fed.around.sink.metrics.latency), 1U);
}

}  // namespace
}  // namespace wallaroo::internal
