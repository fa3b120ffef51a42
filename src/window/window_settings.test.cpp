#include "window/window_settings.hpp"

#include <string>

#include <gtest/gtest.h>

#include <wallaroo/types/error.hpp>

namespace wallaroo::internal {
namespace {

std::string error_of(const WindowSettings& settings) {
  try {
    check(settings, "totals");
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

WindowSettings range(std::int64_t range_ns, std::int64_t slide_ns) {
  return {.range_ns = range_ns, .slide_ns = slide_ns};
}
WindowSettings count(std::int64_t n, std::int64_t slide) {
  return {.kind = WindowKind::count, .count = n, .count_slide = slide};
}
WindowSettings session(std::int64_t gap_ns) {
  return {.kind = WindowKind::session, .gap_ns = gap_ns};
}

void expect_error(const WindowSettings& settings, const std::string& part) {
  const std::string error = error_of(settings);
  EXPECT_NE(error.find("windows of stage \"totals\": "), std::string::npos) << error;
  EXPECT_NE(error.find(part), std::string::npos) << error;
}

TEST(WindowSettings, TumblingSlidingSessionAndCountWindowsAreAccepted) {
  EXPECT_EQ(error_of(range(10, 10)), "");
  EXPECT_EQ(error_of(range(10, 4)), "");
  EXPECT_EQ(error_of(range(max_window_ns, max_window_ns)), "");
  EXPECT_EQ(error_of(range(max_panes, 1)), "");
  EXPECT_EQ(error_of(session(1)), "");
  EXPECT_EQ(error_of(count(1, 1)), "");
  EXPECT_EQ(error_of(count(100, 3)), "");
}

TEST(WindowSettings, LengthsOfZeroOrLessAreRefused) {
  expect_error(range(0, 1), "the range is 0 ns; it must be greater than zero");
  expect_error(range(-5, -5), "the range is -5 ns");
  expect_error(range(5, 0), "the slide is 0 ns");
  expect_error(session(0), "the gap is 0 ns");
  expect_error(count(0, 0), "the count is 0; it must be greater than zero");
  expect_error(count(3, 0), "the slide is 0;");
}

TEST(WindowSettings, ASlideGreaterThanTheWindowIsRefused) {
  expect_error(range(10, 11), "make it 10 or less");
  expect_error(count(3, 4), "make it 3 or less");
}

TEST(WindowSettings, WindowsOfTooManyPartsAreRefused) {
  expect_error(range(max_panes + 1, 1), "parts per window");
  expect_error(range(max_window_ns, max_window_ns - 1), "parts per window");
}

TEST(WindowSettings, LengthsThatDoNotFitIntoTimesAreRefused) {
  expect_error(range(max_window_ns + 1, max_window_ns + 1), "the most is");
  expect_error(session(max_window_ns + 1), "the most is");
  WindowSettings delayed = range(10, 10);
  delayed.delay_ns = max_window_ns + 1;
  expect_error(delayed, "the delay is");
}

TEST(WindowSettings, NegativeDelaysAndTimesAreRefused) {
  WindowSettings settings = range(10, 10);
  settings.delay_ns = -1;
  expect_error(settings, "the delay is -1 ns; it must not be negative");
  settings = range(10, 10);
  settings.timeout_ns = 0;
  expect_error(settings, "the timeout is 0 ns");
  settings = range(10, 10);
  settings.early_every_ns = -1;
  expect_error(settings, "the time between early results is -1 ns");
}

}  // namespace
}  // namespace wallaroo::internal
