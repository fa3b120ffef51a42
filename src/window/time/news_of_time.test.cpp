#include "window/time/news_of_time.hpp"

#include <gtest/gtest.h>

namespace wallaroo::internal {
namespace {

constexpr std::int64_t longest = longest_look_ns;

TEST(NewsOfTime, IsRecentWhileProducersTellTheTime) {
  NewsOfTime news(longest, 1000);
  EXPECT_TRUE(news.recent(0, 1000 + longest));
  EXPECT_EQ(news.told(1000 + longest), 0);
  EXPECT_TRUE(news.recent(0, 1000 + 2 * longest));
  EXPECT_EQ(news.due_ns(7), 7);
}

TEST(NewsOfTime, ThatIsMissingPutsOffTheSearchForSilence) {
  NewsOfTime news(longest, 1000);
  EXPECT_FALSE(news.recent(50, 1001 + longest));
  EXPECT_EQ(news.due_ns(7), 50 + between_looks_ns);
  EXPECT_EQ(news.told(1000 + 3 * longest), 3 * longest) << "for so long there was none";
  EXPECT_EQ(news.due_ns(7), 7);
}

TEST(NewsOfTime, IsNotExpectedOfWhoDoesNotTellTheTime) {
  NewsOfTime news(end_of_time, 1000);
  EXPECT_FALSE(news.expected());
  EXPECT_TRUE(news.recent(0, end_of_time - 1));
  EXPECT_EQ(news.told(end_of_time - 1), 0);
}

TEST(NewsOfTime, TheEndOfTheInputIsNoTime) {
  NewsOfTime news(longest, 1000);
  EXPECT_EQ(news.told(end_of_time), 0);
  EXPECT_EQ(news.told(no_time), 0);
  EXPECT_EQ(news.told(1500), 0);
}

TEST(MissedTime, SomeOfALongGapCounts) {
  EXPECT_EQ(missed_of(3'000'000'000, 5'000'000'000), 2'950'000'000);
  EXPECT_EQ(missed_of(3'000'000'000, 40'000'000), 2'990'000'000);
  EXPECT_EQ(missed_of(3'000'000'000, 0), 2'999'999'999);
}

}  // namespace
}  // namespace wallaroo::internal
