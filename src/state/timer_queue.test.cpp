#include "state/timer_queue.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace wallaroo::internal {
namespace {

TEST(TimerQueue, EntriesComeInOrderOfTimeAndThoseOfOneTimeInOrderOfAddition) {
  TimerQueue<std::string> queue;
  queue.add(30, "d");
  queue.add(10, "a");
  queue.add(20, "c");
  queue.add(10, "b");
  EXPECT_EQ(queue.size(), 4u);
  std::string seen;
  while (!queue.empty()) {
    seen += queue.pop();
  }
  EXPECT_EQ(seen, "abcd");
}

TEST(TimerQueue, AnEmptyQueueIsDueAtTheEndOfTime) {
  TimerQueue<int> queue;
  EXPECT_EQ(queue.next_due(), end_of_time);
  queue.add(7, 1);
  EXPECT_EQ(queue.next_due(), 7);
  queue.pop();
  EXPECT_EQ(queue.next_due(), end_of_time);
}

TEST(TimerQueue, ATimeCanBeAddedToAgainAfterItsBucketWasEmptied) {
  TimerQueue<int> queue;
  queue.add(7, 1);
  EXPECT_EQ(queue.pop(), 1);
  queue.add(7, 2);
  queue.add(7, 3);
  EXPECT_EQ(queue.pop(), 2);
  queue.add(7, 4);
  EXPECT_EQ(queue.pop(), 3);
  EXPECT_EQ(queue.pop(), 4);
  EXPECT_TRUE(queue.empty());
}

TEST(TimerQueue, EntriesOfATimeGoTogetherOnceAllOfThemHaveBeenRetired) {
  TimerQueue<int> queue;
  queue.add(7, 1);
  queue.add(7, 2);
  queue.add(9, 3);
  queue.retire(7);
  EXPECT_EQ(queue.size(), 3u);
  queue.retire(7);
  EXPECT_EQ(queue.size(), 1u);
  EXPECT_EQ(queue.next_due(), 9);
  queue.add(7, 4);
  EXPECT_EQ(queue.pop(), 4);
  EXPECT_EQ(queue.pop(), 3);
  EXPECT_TRUE(queue.empty());
}

TEST(TimerQueue, OfATimeThatIsBeingTakenNothingIsRetired) {
  TimerQueue<int> queue;
  queue.add(7, 1);
  queue.add(7, 2);
  EXPECT_EQ(queue.pop(), 1);
  queue.retire(7);
  queue.retire(7);
  queue.retire(8);
  EXPECT_EQ(queue.pop(), 2);
  EXPECT_TRUE(queue.empty());
}

}  // namespace
}  // namespace wallaroo::internal
