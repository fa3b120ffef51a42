// Records of range windows that do nothing unusual are counted in a loop of their own.
#include <map>
#include <random>
#include <stdexcept>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "step/chain.rig.hpp"
#include "step/steps/window_step.hpp"

namespace wallaroo::internal {
namespace {

using testing_support::Surroundings;

struct Item {
  int key;
  int value;
};
constexpr int failing_value = 13;
constexpr std::int64_t range_ns = 1'000;

struct SumOfLucky {
  std::int64_t initial_accumulator() const { return 0; }
  void update(const Item& item, std::int64_t& sum) const {
    if (item.value == failing_value) {
      throw std::runtime_error("unlucky");
    }
    sum += item.value;
  }
  std::int64_t combine(std::int64_t a, std::int64_t b) const { return a + b; }
  std::tuple<int, std::int64_t, std::int64_t> output(int key, std::int64_t sum,
                                                     const Window& window) const {
    return {key, window.start, sum};
  }
};
using Result = std::tuple<int, std::int64_t, std::int64_t>;

struct Collect {
  std::map<std::pair<int, std::int64_t>, std::int64_t>* sums;
  void operator()(const Result& result) const {
    const auto [key, start, sum] = result;
    EXPECT_TRUE(sums->emplace(std::pair(key, start), sum).second) << "fired twice";
  }
};

using Step = WindowStep<WindowKind::range, SumOfLucky, Item, int, false>;
using Input = TimedInput<RekeyedInput<Item, int Item::*>>;
static_assert(Step::takes_runs);

struct Rig {
  Rig(std::int64_t slide_ns, int its_keys)
      : settings{.kind = WindowKind::range,
                 .range_ns = range_ns,
                 .slide_ns = slide_ns,
                 .late_data = LateData::drop},
        keys(its_keys) {}

  // Gives the chain some batches, between which the watermark moves by up to `most_steps`.
  void run(std::size_t batches, unsigned most_steps) {
    std::mt19937 random(11);
    RecordBatch<Input::Slot> batch;
    std::int64_t watermark = 0;
    chain.set_watermark({watermark, false});
    for (std::size_t i = 0; i < batches; ++i) {
      const auto size = 1 + random() % batch.capacity;
      for (std::size_t j = 0; j < size; ++j) {
        const std::int64_t time = watermark + static_cast<std::int64_t>(random() % 1'500) - 20;
        const Item item{static_cast<int>(random() % static_cast<unsigned>(keys)),
                        static_cast<int>(random() % 200)};
        batch.emplace(time, item);
        expect(item, time, watermark);
      }
      chain.process(batch);
      batch.reset();
      watermark += static_cast<std::int64_t>(random() % most_steps);
      chain.set_watermark({watermark, false});
      while (chain.fire()) {
      }
    }
    chain.set_watermark({end_of_time, false});
    while (chain.fire()) {
    }
    chain.flush(true);
  }

  // Follows the rule of the guide: a record counts in all of its windows that are not over.
  void expect(const Item& item, std::int64_t time, std::int64_t watermark) {
    const std::int64_t slide = settings.slide_ns;
    std::int64_t last = time - ((time % slide) + slide) % slide;
    if (last + range_ns <= watermark) {
      ++late;
      return;
    }
    unlucky += item.value == failing_value ? 1 : 0;
    for (std::int64_t start = last; start > time - range_ns && item.value != failing_value;
         start -= slide) {
      if (start + range_ns > watermark) {
        expected[{item.key, start}] += item.value;
      }
    }
  }

  Surroundings surroundings{{.on_error = OnError::skip}};
  WindowSettings settings;
  int keys;
  std::map<std::pair<int, std::int64_t>, std::int64_t> results;
  std::map<std::pair<int, std::int64_t>, std::int64_t> expected;
  std::uint64_t late = 0;
  std::uint64_t unlucky = 0;
  Chain<Input, CallbackTerminal<Result, Collect>, Step> chain{
      {{{&Item::key}},
       {Step::Spec{testing_support::stage_id, settings, {}}},
       {testing_support::sink_id, {&results}}},
      surroundings.context()};
};

void expect_documented_results(Rig& rig, std::size_t batches, unsigned most_steps) {
  rig.run(batches, most_steps);
  EXPECT_TRUE(rig.results == rig.expected) << rig.results.size() << ' ' << rig.expected.size();
  const StageMetrics& metrics = rig.surroundings.stage.metrics;
  EXPECT_EQ(metrics.late_records.value(), rig.late);
  EXPECT_EQ(metrics.errors.value(), rig.unlucky);
  EXPECT_GT(rig.unlucky, 0U);
}

TEST(WindowRun, FewKeysGiveTheDocumentedResults) {
  Rig tumbling(range_ns, 7);
  expect_documented_results(tumbling, 500, 300);
  EXPECT_GT(tumbling.late, 0U);
  Rig sliding(range_ns / 4, 7);
  expect_documented_results(sliding, 500, 300);
}
TEST(WindowRun, MoreKeysThanTheCacheHoldsGiveTheDocumentedResults) {
  Rig rig(range_ns, 40'000);
  expect_documented_results(rig, 500, 20);
  EXPECT_GT(rig.late, 0U);
  EXPECT_GT(rig.results.size(), 40'000U);
}

}  // namespace
}  // namespace wallaroo::internal
