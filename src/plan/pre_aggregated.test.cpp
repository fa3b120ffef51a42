#include "plan/pre_aggregated.hpp"

#include <chrono>
#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include <wallaroo/aggregates.hpp>
#include <wallaroo/application.hpp>
#include <wallaroo/windows.hpp>

#include "plan/plan.hpp"

namespace wallaroo::internal {
namespace {

using namespace std::chrono_literals;

auto numbers() {
  return generator_source({.count = 10},
                          [](std::uint64_t index) { return static_cast<int>(index); });
}
auto nothing() {
  return concurrent_callback_sink([](const auto&) {});
}
std::string explained(const Application& app) { return Plan(app.graph(), 2).explain("app"); }

template <class Windows>
std::string explained_windows(Windows windows) {
  Application app("app");
  app.source("in", numbers()).to("windows", windows).to_sink("out", nothing());
  return explained(app);
}
const auto tens = range_windows(10s);
constexpr auto itself = [](const int& number) { return number; };

TEST(PreAggregated, WindowsWithoutKeysGetAggregatesOfBatches) {
  EXPECT_EQ(explained_windows(tens.over(count())),
            "application app: 2 executors, 256 key groups\n"
            "  segment 0: in [source]\n"
            "    runs on every executor (2)\n"
            "    => segment 1: gather (to one executor), aggregated by batch\n"
            "  segment 1: windows [window] -> out [sink]\n"
            "    runs on executor 1 only\n"
            "    fused: 2 stages in one loop\n");
}

bool are_aggregated(const std::string& text) {
  return text.find("aggregated by batch") != std::string::npos;
}

TEST(PreAggregated, OnlyIfEveryLateRecordIsDropped) {
  EXPECT_TRUE(
      are_aggregated(explained_windows(tens.with_late_data_policy(LateData::drop).over(count()))));
  for (const LateData policy : {LateData::fire_per_message, LateData::place_in_oldest_window}) {
    EXPECT_FALSE(
        are_aggregated(explained_windows(tens.with_late_data_policy(policy).over(count()))));
  }
}

TEST(PreAggregated, OnlyIfTheAggregationAllowsItWithItsOptions) {
  EXPECT_FALSE(are_aggregated(explained_windows(tens.over(mean(itself)))));
  EXPECT_TRUE(are_aggregated(explained_windows(tens.over(top_k(3, itself)))));
  EXPECT_FALSE(are_aggregated(explained_windows(tens.over(top_k(1000, itself)))));
}

TEST(PreAggregated, SessionsAndCountWindowsGetRecords) {
  EXPECT_FALSE(are_aggregated(explained_windows(session_windows(10s).over(count()))));
  EXPECT_FALSE(are_aggregated(explained_windows(count_windows(10).over(count()))));
}

TEST(PreAggregated, AStreamInAVariableMayHaveSeveral) {
  Application app("app");
  const auto in = app.source("in", numbers());
  in.to("tens", tens.over(count())).to_sink("out", nothing());
  in.to("twenties", range_windows(20s).over(sum(itself))).to_sink("out2", nothing());
  in.merge(in).to("both", tens.over(count())).to_sink("out3", nothing());
  in.collect().to("collected", tens.over(count())).to_sink("out4", nothing());
  const std::string text = explained(app);
  std::size_t found = 0;
  for (auto at = text.find("aggregated"); at != std::string::npos; ++found) {
    at = text.find("aggregated", at + 1);
  }
  EXPECT_EQ(found, 3U) << text;
}

}  // namespace
}  // namespace wallaroo::internal
