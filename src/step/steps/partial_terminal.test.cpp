#include "step/steps/partial_terminal.hpp"

#include <cstdint>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "route/mailbox.hpp"
#include "step/chain.rig.hpp"
#include "window/window.rig.hpp"

namespace wallaroo::internal {
namespace {

using testing_support::Surroundings;
using Texts = std::vector<std::string>;

/// Lists its records; negative ones fail.
struct PickyList : window_rig::List {
  void update(const int& record, std::string& list) const {
    if (record < 0) {
      throw std::runtime_error(fmt::format("{} is negative", record));
    }
    List::update(record, list);
  }
};

struct TimedNumber {
  std::int64_t time_ns;
  int number;
};

std::string error_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::runtime_error& thrown) {
    return thrown.what();
  }
}

// Windows of 10 ns, behind an executor that sends its numbers to them.
class Rig {
 public:
  explicit Rig(bool aggregates = true) {
    WindowSettings settings;
    settings.range_ns = settings.slide_ns = 10;
    auto context = surroundings_.context();
    context.outlets = {&outlet_};
    chain_ =
        std::make_unique<Made>(Made::Spec{{}, {}, {settings, PickyList(), aggregates}}, context);
  }

  void feed(const std::vector<TimedNumber>& records) {
    RecordBatch<Timed<int>> batch;
    batch.ingest_ns = ++fed_;
    for (const TimedNumber& record : records) {
      batch.emplace(record.time_ns, record.number);
    }
    chain_->process(batch);
  }
  void watermark(std::int64_t time_ns) { chain_->set_watermark({time_ns, false}); }

  /// Takes one batch.
  struct Sent {
    Texts slots;
    std::int64_t watermark_ns;
    std::int64_t ingest_ns;
    std::size_t pins;
  };
  Sent take() {
    chain_->flush(true);
    const BatchPtr batch = mailbox_.pop();
    Sent sent{{}, batch->watermark.time_ns, batch->ingest_ns, batch->pins.size()};
    for (const auto& slot : static_cast<RecordBatch<Timed<Slot>>&>(*batch)) {
      sent.slots.push_back(fmt::format("@{} {}", slot.time_ns, text_of(slot.slot)));
    }
    return sent;
  }
  bool sent_nothing() {
    chain_->flush(true);
    return mailbox_.pop() == nullptr;
  }

 private:
  using Slot = Gathered<int, std::string>;
  using Made = Chain<TimedInput<OwnedInput<int>>, PartialTerminal<int, PickyList, true>>;

  static std::string text_of(const Slot& slot) {
    if (const auto* const partial = slot.partial()) {
      return fmt::format("{} records: {}", partial->records, partial->accumulator);
    }
    const auto* const failed = std::get_if<2>(&slot.what);
    return failed == nullptr
               ? std::to_string(slot.record())
               : fmt::format("{} failed: {}", failed->record, error_of(failed->error));
  }

  Surroundings surroundings_{{}};
  Mailbox mailbox_{nullptr, nullptr};
  Outlet outlet_{{&mailbox_}, assign_evenly(1)};
  std::unique_ptr<Made> chain_;
  std::int64_t fed_ = 0;
};

TEST(PartialTerminal, SendsOnePartialForThePanesOfEachBatch) {
  Rig rig;
  rig.feed({{3, 1}, {14, 2}, {7, 3}});
  rig.feed({{8, 4}});
  EXPECT_EQ(rig.take().slots,
            (Texts{"@7 2 records: 1 3 ", "@14 1 records: 2 ", "@8 1 records: 4 "}));
}

TEST(PartialTerminal, SendsPartialsAheadOfTheWatermarkThatFollowsThem) {
  Rig rig;
  rig.feed({{3, 1}, {4, 1}});
  rig.watermark(4);
  const auto first = rig.take();
  EXPECT_EQ(first.slots.size(), 1U);
  EXPECT_EQ(first.watermark_ns, 4);
  EXPECT_TRUE(rig.sent_nothing());
}

TEST(PartialTerminal, CountsTheTimeInThePipelineFromTheOldestBatch) {
  Rig rig;
  rig.feed({{3, 1}});
  rig.feed({{3, 1}});
  EXPECT_EQ(rig.take().ingest_ns, 1);
}

TEST(PartialTerminal, SendsARecordThatFailsBehindThoseBeforeItWithTheError) {
  Rig rig;
  rig.feed({{1, 1}, {2, -5}, {3, 2}});
  EXPECT_EQ(rig.take().slots,
            (Texts{"@1 1 records: 1 ", "@2 -5 failed: -5 is negative", "@3 1 records: 2 "}));
}

TEST(PartialTerminal, SendsRecordsThatAreLateByItsWatermarkByThemselves) {
  Rig rig;
  rig.watermark(10);
  rig.feed({{12, 1}, {9, 2}, {13, 3}, {8, -4}});
  EXPECT_EQ(rig.take().slots, (Texts{"@12 1 records: 1 ", "@9 2", "@13 1 records: 3 ", "@8 -4"}));
}

TEST(PartialTerminal, SendsEveryRecordByItselfUnlessItAggregates) {
  Rig rig(false);
  rig.feed({{1, 1}, {2, -2}, {15, 3}});
  EXPECT_EQ(rig.take().slots, (Texts{"@1 1", "@2 -2", "@15 3"}));
}

TEST(PartialTerminal, SendsMorePanesThanItHoldsAtOnce) {
  Rig rig;
  std::vector<TimedNumber> records;
  for (int i = 0; i < 200; ++i) {
    records.push_back({(i * 37 % 200) * 10, 1});
  }
  rig.feed(records);
  EXPECT_EQ(rig.take().slots.size(), 200U);
}

}  // namespace
}  // namespace wallaroo::internal
