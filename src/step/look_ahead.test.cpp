// States that do not fit the processor's cache are looked up ahead.
#include <array>
#include <map>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "step/chain.rig.hpp"

namespace wallaroo::internal {
namespace {

using testing_support::RunOptions;
using testing_support::sink_id;
using testing_support::stage_id;
using testing_support::Surroundings;

struct Item {
  int key;
  int value;
};
struct Total {
  std::int64_t sum = 0;
  std::int64_t count = 0;
  std::array<std::int64_t, 6> unused = {};
};
struct Result {
  int key;
  std::int64_t sum;
  std::int64_t count;
  auto operator<=>(const Result&) const = default;
};

constexpr int failing_value = 13;

Result add(const Item& item, Total& total) {
  if (item.value == failing_value) {
    throw std::runtime_error("unlucky");
  }
  total.sum += item.value;
  return {item.key, total.sum, ++total.count};
}

struct Collect {
  std::vector<Result>* results;
  void operator()(const Result& result) const { results->push_back(result); }
};

// This must hold while they are saved, too, since a save must see every state before it changes.
TEST(LookAhead, StatesInMemoryAreWhatTheyWouldBeInTheCache) {
  using Step = ComputationStep<decltype(&add), Item, int>;
  using Terminal = CallbackTerminal<Result, Collect>;
  using Input = RekeyedInput<Item, int Item::*>;
  Surroundings surroundings({.on_error = OnError::skip});
  std::vector<Result> results;
  Chain<Input, Terminal, Step> chain(
      {{&Item::key}, {typename Step::Spec{stage_id, &add}}, {sink_id, {&results}}},
      surroundings.context());
  auto* const state = dynamic_cast<StateHolder<int, Total>*>(chain.states().at(0).state);
  ASSERT_NE(state, nullptr);

  std::mt19937 random(5);
  std::map<int, Total> totals;
  std::vector<Result> expected;
  int unlucky = 0;
  RecordBatch<Input::Slot> batch;
  constexpr int batches = 600;
  for (int i = 0; i < batches; ++i) {
    if (i == batches / 2) {
      state->states.begin_save({0, KeyGroups().set(), {}});
    }
    const auto size = 1 + random() % batch.capacity;
    for (std::size_t j = 0; j < size; ++j) {
      // New keys keep coming, many of them twice in a row.
      const Item item{static_cast<int>(random() % 80'000) & ~static_cast<int>(j % 2),
                      static_cast<int>(random() % 100)};
      batch.emplace(item);
      if (item.value == failing_value) {
        ++unlucky;
      } else {
        expected.push_back(add(item, totals[item.key]));
      }
    }
    chain.process(batch);
    batch.reset();
  }
  EXPECT_TRUE(state->states.is_large());
  EXPECT_TRUE(results == expected);
  chain.flush(true);
  EXPECT_EQ(surroundings.stage.metrics.errors.value(), static_cast<std::uint64_t>(unlucky));
  EXPECT_EQ(surroundings.stage.metrics.records_out.value(), expected.size());
}

}  // namespace
}  // namespace wallaroo::internal
