// The builders of windows, down to the settings that they give.
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

#include <gtest/gtest.h>

#include <wallaroo/aggregates.hpp>
#include <wallaroo/windows.hpp>

namespace wallaroo {
namespace {

using namespace std::chrono_literals;
using internal::WindowKind;

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();

TEST(Windows, OfARangeTumbleUnlessTheySlide) {
  const auto tumbling = range_windows(1min).over(count());
  static_assert(decltype(tumbling)::kind == WindowKind::range);
  EXPECT_EQ(tumbling.settings.kind, WindowKind::range);
  EXPECT_EQ(tumbling.settings.range_ns, 60 * second);
  EXPECT_EQ(tumbling.settings.slide_ns, 60 * second);
  EXPECT_EQ(tumbling.settings.delay_ns, 0);
  EXPECT_EQ(tumbling.settings.late_data, LateData::drop);
  EXPECT_EQ(tumbling.settings.early_every_ns, 0);
  EXPECT_FALSE(tumbling.settings.spread_by_key);

  const auto sliding = range_windows(1min).with_slide(10s).over(count());
  EXPECT_EQ(sliding.settings.range_ns, 60 * second);
  EXPECT_EQ(sliding.settings.slide_ns, 10 * second);
}

TEST(Windows, OfARangeHaveAllThatIsSaidOfThem) {
  const auto settings = range_windows(1min)
                            .with_delay(5s)
                            .with_late_data_policy(LateData::fire_per_message)
                            .with_timeout(2min)
                            .with_early_output(500ms)
                            .spread_by_key()
                            .over(count())
                            .settings;
  EXPECT_EQ(settings.delay_ns, 5 * second);
  EXPECT_EQ(settings.late_data, LateData::fire_per_message);
  EXPECT_EQ(settings.timeout_ns, 120 * second);
  EXPECT_EQ(settings.early_every_ns, second / 2);
  EXPECT_TRUE(settings.spread_by_key);
}

TEST(Windows, OfSessionsHaveAllThatIsSaidOfThem) {
  const auto sessions = session_windows(30s)
                            .with_delay(1s)
                            .with_late_data_policy(LateData::place_in_oldest_window)
                            .with_early_output(1s)
                            .over(count());
  static_assert(decltype(sessions)::kind == WindowKind::session);
  EXPECT_EQ(sessions.settings.kind, WindowKind::session);
  EXPECT_EQ(sessions.settings.gap_ns, 30 * second);
  EXPECT_EQ(sessions.settings.delay_ns, second);
  EXPECT_EQ(sessions.settings.late_data, LateData::place_in_oldest_window);
  EXPECT_EQ(sessions.settings.early_every_ns, second);
  EXPECT_EQ(sessions.settings.timeout_ns, 31 * second);
}

TEST(Windows, OfACountWaitUnlessTheyHaveATimeout) {
  const auto counts = count_windows(100).over(count());
  static_assert(decltype(counts)::kind == WindowKind::count);
  EXPECT_EQ(counts.settings.kind, WindowKind::count);
  EXPECT_EQ(counts.settings.count, 100);
  EXPECT_EQ(counts.settings.count_slide, 100);
  EXPECT_EQ(counts.settings.timeout_ns, std::nullopt);

  const auto sliding = count_windows(100).with_slide(10).with_timeout(1s).over(count());
  EXPECT_EQ(sliding.settings.count_slide, 10);
  EXPECT_EQ(sliding.settings.timeout_ns, second);
}

TEST(Windows, AreClosedAfterTheirLengthAndDelayUnlessToldOtherwise) {
  const auto windows = range_windows(1min);
  EXPECT_EQ(windows.over(count()).settings.timeout_ns, 60 * second);
  EXPECT_EQ(windows.with_delay(1s).over(count()).settings.timeout_ns, 61 * second);
  EXPECT_EQ(windows.with_timeout(5s).with_delay(1s).over(count()).settings.timeout_ns, 5 * second);
  EXPECT_EQ(windows.without_timeout().over(count()).settings.timeout_ns, std::nullopt);
  EXPECT_EQ(windows.without_timeout().with_timeout(3s).over(count()).settings.timeout_ns,
            3 * second);
  const auto endless = std::chrono::hours::max();
  EXPECT_EQ(windows.with_delay(endless).over(count()).settings.timeout_ns, most);
}

TEST(Windows, AreValuesThatTheirMethodsDoNotChange) {
  const auto windows = range_windows(1min);
  static_cast<void>(windows.with_slide(1s).with_delay(1s).without_timeout().spread_by_key());
  const auto settings = windows.over(count()).settings;
  EXPECT_EQ(settings.slide_ns, 60 * second);
  EXPECT_EQ(settings.delay_ns, 0);
  EXPECT_EQ(settings.timeout_ns, 60 * second);
  EXPECT_FALSE(settings.spread_by_key);
}

TEST(Windows, KeepTheAggregation) {
  struct Named {
    int number;
  };
  EXPECT_EQ(count_windows(1).over(Named{7}).aggregation.number, 7);
}

template <class W>
concept HasDelay = requires(const W& windows) {
  windows.with_delay(1s);
};
template <class W>
concept HasSlide = requires(const W& windows) {
  windows.with_slide(1s);
};
template <class W>
concept HasSpread = requires(const W& windows) {
  windows.spread_by_key();
};

TEST(Windows, HaveNoMethodThatMakesNoSenseForThem) {
  static_assert(HasDelay<RangeWindows> && HasSlide<RangeWindows> && HasSpread<RangeWindows>);
  static_assert(HasDelay<SessionWindows> && !HasSlide<SessionWindows> &&
                !HasSpread<SessionWindows>);
  static_assert(!HasDelay<CountWindows> && !HasSlide<CountWindows> && !HasSpread<CountWindows>);
  SUCCEED();
}

TEST(Windows, DurationsOfAnyTypeBecomeNanoseconds) {
  using internal::saturated_ns;
  using Ticks = std::chrono::duration<std::int64_t, std::ratio<1, 3>>;
  using Picoseconds = std::chrono::duration<std::int64_t, std::pico>;
  static_assert(saturated_ns(1h) == 3600 * second);
  EXPECT_EQ(saturated_ns(std::chrono::duration<double>(1.5)), 3 * second / 2);
  EXPECT_EQ(saturated_ns(Ticks(4)), 1'333'333'333);
  EXPECT_EQ(saturated_ns(Picoseconds(2999)), 2);
  EXPECT_EQ(saturated_ns(-3s), -3 * second);
  EXPECT_EQ(saturated_ns(std::chrono::nanoseconds(most)), most);
  EXPECT_EQ(saturated_ns(std::chrono::nanoseconds(least)), least);
}

TEST(Windows, DurationsBeyond64BitsAreTheGreatestOrLeast) {
  using internal::saturated_ns;
  using Seconds = std::chrono::duration<double>;
  EXPECT_EQ(saturated_ns(std::chrono::hours::max()), most);
  EXPECT_EQ(saturated_ns(std::chrono::hours::min()), least);
  EXPECT_EQ(saturated_ns(Seconds(1e30)), most);
  EXPECT_EQ(saturated_ns(Seconds(-1e30)), least);
  EXPECT_EQ(saturated_ns(Seconds(std::nan(""))), most);
  EXPECT_EQ(saturated_ns(std::chrono::duration<std::uint64_t>(~std::uint64_t{0})), most);
}

}  // namespace
}  // namespace wallaroo
