#include "run/task/inbox.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "record/record_batch.hpp"
#include "route/mailbox.hpp"

namespace wallaroo::internal {
namespace {

struct Rig {
  explicit Rig(std::size_t producers) {
    for (std::size_t i = 0; i < producers; ++i) {
      boxes.push_back(std::make_unique<Mailbox>(nullptr, nullptr));
      metrics.push_back(std::make_unique<EdgeMetrics>());
    }
  }
  Inbox inbox() {
    std::vector<Inbox::Slot> slots;
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      slots.push_back({boxes[i].get(), metrics[i].get()});
    }
    return Inbox(slots);
  }
  void send(std::size_t producer, int number) {
    auto batch = std::make_unique<RecordBatch<int>>();
    batch->emplace(number);
    BatchPtr sent = std::move(batch);
    ASSERT_TRUE(boxes[producer]->try_push(sent));
  }
  void tell(std::size_t producer, Watermark watermark) {
    auto batch = std::make_unique<RecordBatch<int>>();
    batch->watermark = watermark;
    BatchPtr sent = std::move(batch);
    ASSERT_TRUE(boxes[producer]->try_push(sent));
  }
  void end(std::size_t producer) {
    BatchPtr sent = std::make_unique<ControlBatch>(BatchKind::end_of_stream);
    ASSERT_TRUE(boxes[producer]->try_push(sent));
  }
  std::vector<std::unique_ptr<Mailbox>> boxes;
  std::vector<std::unique_ptr<EdgeMetrics>> metrics;
};

int number_of(const Inbox::Delivery& delivery) {
  return *static_cast<RecordBatch<int>&>(*delivery.batch).begin();
}

TEST(Inbox, ServesProducersInTurnWhateverOneOfThemPilesUp) {
  Rig rig(3);
  Inbox inbox = rig.inbox();
  for (int i = 0; i < 10; ++i) {
    rig.send(0, i);
  }
  rig.send(2, 100);
  EXPECT_EQ(number_of(inbox.next()), 0);
  EXPECT_EQ(number_of(inbox.next()), 100);
  EXPECT_EQ(number_of(inbox.next()), 1);
}

TEST(Inbox, SaysFromWhichMailboxABatchCame) {
  Rig rig(2);
  Inbox inbox = rig.inbox();
  rig.send(1, 5);
  EXPECT_EQ(inbox.next().mailbox, rig.boxes[1].get());
  EXPECT_EQ(rig.metrics[1]->batches.value(), 1U);
  EXPECT_EQ(rig.metrics[1]->records.value(), 1U);
  EXPECT_EQ(rig.metrics[0]->batches.value(), 0U);
}

// The last watermark of a source that ends comes before its end.
TEST(Inbox, AProducerThatIsAboutToEndDoesNotStandForThoseThatAreIdle) {
  Rig rig(2);
  Inbox inbox = rig.inbox();
  rig.tell(0, {no_time, true});
  rig.tell(1, {end_of_time, false});
  inbox.next();
  inbox.next();
  EXPECT_EQ(inbox.watermark(), (Watermark{no_time, true}));
  rig.tell(0, {5, false});
  inbox.next();
  EXPECT_EQ(inbox.watermark(), (Watermark{5, false}));
}

TEST(Inbox, EndsWhenEveryProducerHasEndedAndAllWasTaken) {
  Rig rig(2);
  Inbox inbox = rig.inbox();
  rig.end(0);
  rig.send(1, 1);
  rig.end(1);
  EXPECT_FALSE(inbox.ended());
  EXPECT_EQ(number_of(inbox.next()), 1);
  EXPECT_FALSE(inbox.ended());
  EXPECT_EQ(inbox.next().batch, nullptr);
  EXPECT_TRUE(inbox.ended());
}

TEST(Inbox, TakesDataBehindTheEndOfAnotherProducerInTheSameCall) {
  Rig rig(3);
  Inbox inbox = rig.inbox();
  rig.end(0);
  rig.end(1);
  rig.send(2, 7);
  EXPECT_EQ(number_of(inbox.next()), 7);
}

TEST(Inbox, WithoutProducersHasEnded) { EXPECT_TRUE(Rig(0).inbox().ended()); }

TEST(Inbox, DataAfterTheEndOfAStreamIsABrokenInvariant) {
  Rig rig(1);
  Inbox inbox = rig.inbox();
  rig.end(0);
  rig.send(0, 1);
  EXPECT_THROW(inbox.next(), std::logic_error);
}

void take_all(Inbox& inbox) {
  while (inbox.next().batch != nullptr) {
  }
}

TEST(InboxWatermark, IsTheLeastOfItsProducersOnceAllHaveSpoken) {
  Rig rig(2);
  Inbox inbox = rig.inbox();
  rig.tell(0, {50, false});
  take_all(inbox);
  EXPECT_EQ(inbox.watermark(), (Watermark{no_time, false}));
  rig.tell(1, {30, false});
  take_all(inbox);
  EXPECT_EQ(inbox.watermark(), (Watermark{30, false}));
}

TEST(InboxWatermark, HoldsOnlyForBatchesThatWereTaken) {
  Rig rig(1);
  Inbox inbox = rig.inbox();
  rig.tell(0, {10, false});
  rig.tell(0, {20, false});
  inbox.next();
  EXPECT_EQ(inbox.watermark().time_ns, 10);
}

TEST(InboxWatermark, DoesNotWaitForWhoIsIdleOrHasEndedAndNeverGoesBack) {
  Rig rig(3);
  Inbox inbox = rig.inbox();
  rig.tell(0, {50, false});
  rig.tell(1, {10, true});
  rig.end(2);
  take_all(inbox);
  EXPECT_EQ(inbox.watermark(), (Watermark{50, false}));
  // It wakes up behind the others.
  rig.tell(1, {20, false});
  take_all(inbox);
  EXPECT_EQ(inbox.watermark(), (Watermark{50, false}));
  rig.tell(0, {70, false});
  take_all(inbox);
  EXPECT_EQ(inbox.watermark(), (Watermark{50, false}));
  rig.tell(1, {60, false});
  take_all(inbox);
  EXPECT_EQ(inbox.watermark(), (Watermark{60, false}));
}

TEST(InboxWatermark, IsTheFurthestWhenAllAreIdleOrHaveEnded) {
  Rig rig(2);
  Inbox inbox = rig.inbox();
  rig.tell(0, {50, true});
  rig.tell(1, {10, true});
  take_all(inbox);
  EXPECT_EQ(inbox.watermark(), (Watermark{50, true}));
  rig.end(0);
  take_all(inbox);
  EXPECT_EQ(inbox.watermark(), (Watermark{50, true}));
  rig.end(1);
  take_all(inbox);
  EXPECT_TRUE(inbox.ended());
  EXPECT_EQ(inbox.watermark().time_ns, 50);
}

// Three producers, the first of which is idle: the others end in either order.
std::int64_t last_watermark(const std::vector<std::size_t>& order) {
  Rig rig(3);
  Inbox inbox = rig.inbox();
  rig.tell(0, {10, true});
  take_all(inbox);
  for (const std::size_t producer : order) {
    if (producer != 0) {
      rig.tell(producer, {producer == 1 ? 100 : 50, false});
      rig.tell(producer, {end_of_time, false});
    }
    rig.end(producer);
    take_all(inbox);
  }
  EXPECT_TRUE(inbox.ended());
  return inbox.watermark().time_ns;
}

TEST(InboxWatermark, OfAllThatHaveEndedIsTheFurthestInWhicheverOrderTheyEnd) {
  std::vector<std::size_t> order = {0, 1, 2};
  do {
    EXPECT_EQ(last_watermark(order), 100);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(InboxWatermark, OfOneThatHasEndedHoldsNobodyBackAndStandsForThoseThatAreIdle) {
  Rig rig(2);
  Inbox inbox = rig.inbox();
  rig.tell(0, {50, false});
  rig.tell(1, {20, false});
  rig.tell(0, {end_of_time, false});
  rig.end(0);
  take_all(inbox);
  EXPECT_EQ(inbox.watermark(), (Watermark{20, false}));
  rig.tell(1, {20, true});
  take_all(inbox);
  EXPECT_EQ(inbox.watermark(), (Watermark{50, true}));
}

TEST(Inbox, TellsOnceWhichProducersHaveEnded) {
  Rig rig(3);
  Inbox inbox = rig.inbox();
  rig.end(1);
  take_all(inbox);
  std::vector<std::size_t> ended;
  const auto note = [&](std::size_t producer) { ended.push_back(producer); };
  inbox.take_ended(note);
  inbox.take_ended(note);
  EXPECT_EQ(ended, std::vector<std::size_t>{1});
}

}  // namespace
}  // namespace wallaroo::internal
