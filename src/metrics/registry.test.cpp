#include "metrics/registry.hpp"

#include <stdexcept>

#include <gtest/gtest.h>

namespace wallaroo::internal {
namespace {

TEST(Registry, RefusesNamesThatPrometheusCannotRead) {
  Registry registry("app");
  Counter counter;
  for (const char* name : {"", "1st", "with space", "dash-ed", "umlaut_\xc3\xa4"}) {
    EXPECT_THROW(registry.add_counter({name, ""}, {}, counter), std::logic_error) << name;
  }
  for (const char* label : {"", "1st", "a:b", "le", "__reserved", "application"}) {
    EXPECT_THROW(registry.add_counter({"fine", ""}, {{label, "x"}}, counter), std::logic_error)
        << label;
  }
  EXPECT_TRUE(registry.families().empty());
}

TEST(Registry, RefusesTheSameSeriesTwiceInWhateverOrderItsLabelsAre) {
  Registry registry("app");
  Counter counter;
  registry.add_counter({"n", ""}, {{"a", "1"}, {"b", "2"}}, counter);
  EXPECT_THROW(registry.add_counter({"n", ""}, {{"b", "2"}, {"a", "1"}}, counter),
               std::logic_error);
  EXPECT_NO_THROW(registry.add_counter({"n", ""}, {{"a", "2"}, {"b", "1"}}, counter));
}

TEST(Registry, RefusesOneNameWithTwoTypesOrUnits) {
  Registry registry("app");
  Counter counter;
  Gauge gauge;
  registry.add_counter({"n", ""}, {{"a", "1"}}, counter);
  EXPECT_THROW(registry.add_gauge({"n", ""}, {{"a", "2"}}, gauge), std::logic_error);
  EXPECT_THROW(registry.add_counter({"n", "", MetricUnit::nanoseconds}, {{"a", "2"}}, counter),
               std::logic_error);
}

TEST(Registry, RefusesACallbackThatIsEmptyOrAHistogram) {
  Registry registry("app");
  EXPECT_THROW(registry.add_callback({"n", ""}, MetricType::gauge, {}, nullptr), std::logic_error);
  EXPECT_THROW(registry.add_callback({"n", ""}, MetricType::histogram, {}, [] { return 0.0; }),
               std::logic_error);
}

TEST(Registry, ReplacesWhatIsNotUtf8InLabelValues) {
  Registry registry("a\xffp");
  Counter counter;
  registry.add_counter({"n", ""}, {{"stage", "x\xc3"}}, counter);
  const MetricSeries& series = registry.families().at(0).series.at(0);
  EXPECT_EQ(series.labels.at(0).value, "a\xef\xbf\xbdp");
  EXPECT_EQ(series.labels.at(1).value, "x\xef\xbf\xbd");
}

}  // namespace
}  // namespace wallaroo::internal
