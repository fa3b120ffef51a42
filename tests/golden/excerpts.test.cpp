// Keyed windows of aggregations that need only numbers of the records: excerpts cross instead of
// records, and everything that users can see is as if the records had.
#include <algorithm>
#include <cstdint>
#include <map>
#include <mutex>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "golden.rig.hpp"

namespace golden {
namespace {

using namespace std::chrono_literals;
using namespace wallaroo;

struct Sale {
  std::uint64_t shop;
  std::int64_t at_ns;
  std::int64_t amount;
  std::string goods;
};
struct Totals {
  std::uint64_t sales;
  std::int64_t amount;
  std::int64_t least;
  double mean;

  friend bool operator==(const Totals&, const Totals&) = default;
};
auto totals() {
  return combined<Totals>(count(), sum(&Sale::amount), min(&Sale::amount), mean(&Sale::amount));
}
using Result = WindowResult<std::uint64_t, Totals>;

struct Shape {
  std::uint64_t records;
  int partitions;
  std::uint64_t shops;
  std::int64_t disorder_ns;
  std::int64_t range_ns;
  std::int64_t slide_ns;

  Sale make(std::uint64_t index) const {
    const std::uint64_t mixed = index * 2654435761U % 1'000'003;
    const auto early = static_cast<std::int64_t>(mixed) % (disorder_ns + 1);
    return {mixed % shops, static_cast<std::int64_t>(index) * 10 - early,
            static_cast<std::int64_t>(mixed % 1'000) - 500, "goods " + std::to_string(index)};
  }
};

using ShopAndStart = std::pair<std::uint64_t, std::int64_t>;

std::map<ShopAndStart, Totals> totals_of(const Shape& shape) {
  std::map<ShopAndStart, Totals> all;
  for (std::uint64_t i = 0; i < shape.records; ++i) {
    const Sale sale = shape.make(i);
    const std::int64_t slide = shape.slide_ns;
    std::int64_t start = sale.at_ns - ((sale.at_ns % slide) + slide) % slide;
    for (; sale.at_ns < start + shape.range_ns; start -= slide) {
      Totals& one = all.try_emplace({sale.shop, start}, Totals{0, 0, 1'000, 0}).first->second;
      ++one.sales;
      one.amount += sale.amount;
      one.least = std::min(one.least, sale.amount);
      one.mean = static_cast<double>(one.amount) / static_cast<double>(one.sales);
    }
  }
  return all;
}

EventTimeOptions lateness(std::int64_t ns) {
  EventTimeOptions times = bounded_lateness(std::chrono::nanoseconds(ns));
  times.idle_after = 0ns;
  return times;
}

RC_GTEST_PROP(Excerpts, GiveWhatALoopOverTheRecordsGivesOnAnyNumberOfThreads, ()) {
  Shape shape{};
  shape.records = *rc::gen::inRange<std::uint64_t>(1, 6'000);
  shape.partitions = *rc::gen::inRange(1, 6);
  shape.shops = *rc::gen::element<std::uint64_t>(1, 7, 3'000);
  shape.disorder_ns = *rc::gen::inRange(0, 3'000);
  shape.range_ns = *rc::gen::inRange(100, 5'000);
  shape.slide_ns = *rc::gen::arbitrary<bool>()
                       ? shape.range_ns
                       : *rc::gen::inRange<std::int64_t>(shape.range_ns / 4, shape.range_ns + 1);
  for (const int threads : {1, 2, 3}) {
    Collected<Result> out;
    Application app("excerpts");
    app.source("in", generator_source({.count = shape.records, .partitions = shape.partitions},
                                      [shape](std::uint64_t index) { return shape.make(index); }))
        .event_time("time", &Sale::at_ns, lateness(shape.disorder_ns))
        .key_by("shop", &Sale::shop)
        .to("totals", range_windows(std::chrono::nanoseconds(shape.range_ns))
                          .with_slide(std::chrono::nanoseconds(shape.slide_ns))
                          .over(totals()))
        .to_sink("out", out.sink());
    run_well(app, threads);
    std::map<ShopAndStart, Totals> seen;
    for (const Result& result : out.records()) {
      RC_ASSERT(seen.emplace(ShopAndStart(result.key, result.window.start), result.value).second);
    }
    RC_ASSERT(seen == totals_of(shape));
  }
}

constexpr std::uint64_t many = 20'000;

/// The sum of a metric's samples whose labels contain `label`.
double metric(const std::string& page, const std::string& name, const std::string& label) {
  std::istringstream lines(page);
  double sum = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name + "{") && line.find(label) != std::string::npos) {
      sum += std::stod(line.substr(line.rfind(' ')));
    }
  }
  return sum;
}

/// What can be seen of windows of 100 ns while some sales come too late.
struct Seen {
  std::uint64_t counted = 0;
  double late = 0;
  double bytes = 0;
  double crossed = 0;
  std::vector<std::string> late_lines;
};

Sale often_late(std::uint64_t index) {
  const std::int64_t at = static_cast<std::int64_t>(index) - (index % 50 == 7 ? 500 : 0);
  return {index % 9, at, 1, "goods " + std::to_string(index)};
}

template <class A>
Seen seen_of(A aggregation, int threads, LateData policy = LateData::drop) {
  Seen seen;
  std::mutex mutex;
  Application app("late");
  app.source("in", generator_source({.count = many, .partitions = threads}, often_late))
      .event_time("time", &Sale::at_ns, lateness(0))
      .key_by("shop", &Sale::shop)
      .to("totals", range_windows(100ns).with_late_data_policy(policy).over(aggregation))
      .to_sink("out",
               callback_sink([&](const Result& result) { seen.counted += result.value.sales; }));
  EngineOptions options;
  options.threads = threads;
  options.log = [&](LogLevel, std::string_view line) {
    const std::lock_guard lock(mutex);
    if (line.find("record came too late") != std::string_view::npos ||
        line.find("records came too late and were dropped, such as") != std::string_view::npos) {
      seen.late_lines.emplace_back(line);
    }
  };
  Engine engine(app, options);
  engine.start();
  const auto outcome = engine.wait_for(patience);
  EXPECT_TRUE(outcome && outcome->ok);
  const std::string page = engine.metrics_text();
  seen.late = metric(page, "wallaroo_stage_late_records_total", "stage=\"totals\"");
  seen.bytes = metric(page, "wallaroo_edge_bytes_total", "to=\"totals\"");
  seen.crossed = metric(page, "wallaroo_edge_records_total", "to=\"totals\"");
  return seen;
}

/// The same aggregation, but a class of its own, which might need more of a record than numbers.
struct OfWholeRecords : decltype(totals()) {
  OfWholeRecords() : decltype(totals())(totals()) {}
};

TEST(Excerpts, CrossInsteadOfRecords) {
  const Seen excerpts = seen_of(totals(), 2);
  const Seen whole = seen_of(OfWholeRecords(), 2);
  EXPECT_EQ(excerpts.crossed, many);
  EXPECT_EQ(whole.crossed, many);
  EXPECT_GE(whole.bytes, static_cast<double>(many * (sizeof(Sale) + 8)));
  // Time, key and three times the amount; and one record in fifty may be late and travel whole.
  EXPECT_LE(excerpts.bytes, static_cast<double>(many * 40 + many / 50 * (sizeof(Sale) + 8)));
}

TEST(Excerpts, OfLateRecordsFollowTheirPolicy) {
  for (const int threads : {1, 2, 3}) {
    const Seen dropped = seen_of(totals(), threads);
    EXPECT_TRUE(dropped.late > 0 || threads > 1);
    EXPECT_EQ(static_cast<double>(dropped.counted) + dropped.late, static_cast<double>(many));
    for (const LateData policy : {LateData::fire_per_message, LateData::place_in_oldest_window}) {
      const Seen kept = seen_of(totals(), threads, policy);
      EXPECT_TRUE(kept.late > 0 || threads > 1);
      EXPECT_EQ(kept.counted, many);
    }
  }
}

TEST(Excerpts, ShowTheWholeRecordInTheLogWhenItIsLate) {
  for (const int threads : {1, 2, 3}) {
    const Seen seen = seen_of(totals(), threads);
    EXPECT_TRUE(!seen.late_lines.empty() || threads > 1);
    for (const std::string& line : seen.late_lines) {
      EXPECT_NE(line.find(", 1, \"goods "), std::string::npos) << line;
    }
  }
}

TEST(Excerpts, AreLateWhenTheirRecordsWouldBe) {
  const Seen excerpts = seen_of(totals(), 1);
  const Seen whole = seen_of(OfWholeRecords(), 1);
  EXPECT_EQ(excerpts.late, whole.late);
  EXPECT_EQ(excerpts.counted, whole.counted);
  EXPECT_EQ(excerpts.late_lines, whole.late_lines);
}

}  // namespace
}  // namespace golden
