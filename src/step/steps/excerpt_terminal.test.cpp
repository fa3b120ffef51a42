#include "step/steps/excerpt_terminal.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <wallaroo/aggregates.hpp>

#include "record/whole_records.hpp"
#include "route/mailbox.hpp"
#include "step/chain.rig.hpp"
#include "step/steps/window_step.hpp"

namespace wallaroo::internal {
namespace {

using testing_support::sink_id;
using testing_support::Surroundings;

struct Sale {
  std::uint64_t shop;
  std::int64_t amount;
  std::string goods;
};
using OfSales = decltype(sum(&Sale::amount));
using Terminal = ExcerptTerminal<Sale, std::uint64_t Sale::*, OfSales>;
using Sent = RecordBatch<Timed<Terminal::Slot>>;

struct TimedSale {
  std::int64_t time_ns;
  Sale sale;
};

// Windows of 10 ns with a delay of 5 ns, behind an executor that sends sales to them.
class Rig {
 public:
  Rig() {
    WindowSettings settings;
    settings.range_ns = settings.slide_ns = 10;
    settings.delay_ns = 5;
    auto context = surroundings_.context();
    context.outlets = {&outlet_};
    chain_ = std::make_unique<Made>(
        Made::Spec{{}, {}, {{sink_id, &Sale::shop}, settings, sum(&Sale::amount)}}, context);
  }

  void feed(const std::vector<TimedSale>& sales) {
    RecordBatch<Timed<Sale>> batch;
    for (const TimedSale& sale : sales) {
      batch.emplace(sale.time_ns, sale.sale);
    }
    chain_->process(batch);
  }
  void watermark(std::int64_t time_ns) { chain_->set_watermark({time_ns, false}); }
  std::unique_ptr<Sent> take() {
    chain_->flush(true);
    return std::unique_ptr<Sent>(static_cast<Sent*>(mailbox_.pop().release()));
  }

 private:
  using Made = Chain<TimedInput<OwnedInput<Sale>>, Terminal>;
  Surroundings surroundings_{{}};
  Mailbox mailbox_{nullptr, nullptr};
  Outlet outlet_{{&mailbox_}, assign_evenly(1)};
  std::unique_ptr<Made> chain_;
};

/// The goods of each slot whose sale came along; "-" for the others.
std::vector<std::string> goods_of(Sent& batch) {
  std::vector<std::string> goods;
  for (const auto& slot : batch) {
    const Sale* const whole = WholeRecords<Sale>::find(batch.extra.get(), &slot.slot);
    goods.push_back(whole == nullptr ? "-" : whole->goods);
  }
  return goods;
}
using Texts = std::vector<std::string>;

TEST(ExcerptTerminal, SendsKeyTimeAndNumbers) {
  static_assert(sizeof(Timed<Terminal::Slot>) == 24);
  Rig rig;
  rig.feed({{3, {1, 70, "bread"}}, {4, {2, 80, "milk"}}});
  const auto batch = rig.take();
  ASSERT_EQ(batch->size(), 2U);
  const auto& second = *(batch->begin() + 1);
  EXPECT_EQ(second.time_ns, 4);
  EXPECT_EQ(second.slot.key, 2U);
  EXPECT_EQ(second.slot.values.first, 80);
  EXPECT_EQ(batch->extra, nullptr);
}

TEST(ExcerptTerminal, SendsTheRecordsAlongWhoseWindowsAreDue) {
  Rig rig;
  rig.watermark(14);
  rig.feed({{9, {1, 1, "in the delay"}}});
  rig.watermark(15);
  rig.feed({{12, {1, 1, "in time"}},
            {9, {1, 1, "late"}},
            {10, {1, 1, "just in time"}},
            {0, {1, 1, "too late"}},
            {20, {1, 1, "early"}}});
  EXPECT_EQ(goods_of(*rig.take()), (Texts{"-", "-", "late", "-", "too late", "-"}));
}

TEST(ExcerptTerminal, SendsABatchOfLongRecordsEarly) {
  Rig rig;
  rig.watermark(1'000);
  const std::string long_text(max_batch_bytes / 4, 'x');
  for (int i = 0; i < 10; ++i) {
    rig.feed({{1, {1, 1, long_text + std::to_string(i)}}, {2'000, {1, 1, "early"}}});
  }
  int next = 0;
  int early = 0;
  while (const auto batch = rig.take()) {
    EXPECT_LE(batch->memory_bytes(), 2 * max_batch_bytes);
    for (const std::string& goods : goods_of(*batch)) {
      if (goods == "-") {
        ++early;
      } else {
        EXPECT_EQ(goods, long_text + std::to_string(next++));
      }
    }
  }
  EXPECT_EQ(next, 10);
  EXPECT_EQ(early, 10);
}

// The windows behind it, when nothing told the executor that their window was over.
TEST(ExcerptTerminal, RecordsThatDidNotComeAlongAreShownByTheirKey) {
  using Aggregation = OfExcerpts<OfSales>;
  using Step = WindowStep<WindowKind::range, Aggregation, Terminal::Slot, std::uint64_t, false>;
  using Input = TimedInput<RekeyedInput<Terminal::Slot, std::uint64_t Terminal::Slot::*>>;
  const auto ignore = [](const Step::Output&) {};
  Surroundings surroundings{{}};
  WindowSettings settings;
  settings.range_ns = settings.slide_ns = 10;
  Chain<Input, CallbackTerminal<Step::Output, std::decay_t<decltype(ignore)>>, Step> windows(
      {{{&Terminal::Slot::key}},
       {Step::Spec{testing_support::stage_id, settings, Aggregation(sum(&Sale::amount))}},
       {sink_id, ignore}},
      surroundings.context());
  Rig rig;
  rig.watermark(100);
  rig.feed({{101, {17, 1, "in time"}}, {3, {17, 1, "late"}}, {102, {18, 1, "also in time"}}});
  windows.set_watermark({1'000, false});
  windows.process(*rig.take());
  ASSERT_EQ(surroundings.log.size(), 3U);
  EXPECT_NE(surroundings.log[0].find("was dropped, one with key 17 of"), std::string::npos)
      << surroundings.log[0];
  EXPECT_NE(surroundings.log[1].find("{17, 1, \"late\"} of"), std::string::npos)
      << surroundings.log[1];
  EXPECT_NE(surroundings.log[2].find("one with key 18 of"), std::string::npos)
      << surroundings.log[2];
}

TEST(ExcerptTerminal, ABatchThatIsUsedAgainHasNoRecordsOfBefore) {
  Rig rig;
  rig.watermark(100);
  rig.feed({{1, {1, 1, "late"}}});
  const auto batch = rig.take();
  EXPECT_NE(batch->extra, nullptr);
  batch->reset();
  EXPECT_EQ(batch->extra, nullptr);
}

}  // namespace
}  // namespace wallaroo::internal
