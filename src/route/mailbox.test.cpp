#include "route/mailbox.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>

#include "route/numbered_batch.rig.hpp"

namespace wallaroo::internal {
namespace {

TEST(Mailbox, GivesBatchesInTheOrderTheyCame) {
  Mailbox mailbox(nullptr, nullptr);
  for (int i = 0; i < 100; ++i) {
    for (int j = 0; j < 3; ++j) {
      BatchPtr batch = numbered(3 * i + j);
      ASSERT_TRUE(mailbox.try_push(batch));
      ASSERT_EQ(batch, nullptr);
    }
    for (int j = 0; j < 3; ++j) {
      ASSERT_EQ(number_of(mailbox.pop()), 3 * i + j);
    }
  }
  EXPECT_EQ(mailbox.pop(), nullptr);
}

TEST(Mailbox, RefusesWhatExceedsItsCapacityAndLeavesItWithTheProducer) {
  Mailbox mailbox(nullptr, nullptr);
  EXPECT_TRUE(mailbox.seems_empty());
  for (std::size_t i = 0; i < Mailbox::capacity; ++i) {
    EXPECT_FALSE(mailbox.seems_full());
    BatchPtr batch = numbered(static_cast<int>(i));
    ASSERT_TRUE(mailbox.try_push(batch));
  }
  EXPECT_TRUE(mailbox.seems_full());
  EXPECT_EQ(mailbox.depth(), Mailbox::capacity);
  BatchPtr refused = numbered(-1);
  EXPECT_FALSE(mailbox.try_push(refused));
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(number_of(mailbox.pop()), 0);
  EXPECT_TRUE(mailbox.try_push(refused));
}

TEST(Mailbox, UsedBatchesComeBackToTheProducer) {
  Mailbox mailbox(nullptr, nullptr);
  EXPECT_EQ(mailbox.recycled(), nullptr);
  BatchPtr batch = numbered(1);
  const Batch* const address = batch.get();
  mailbox.try_push(batch);
  mailbox.recycle(mailbox.pop());
  EXPECT_EQ(mailbox.recycled().get(), address);
  EXPECT_EQ(mailbox.recycled(), nullptr);
}

struct CountedBatch final : Batch {
  explicit CountedBatch(int& alive) : alive_(alive) { ++alive_; }
  ~CountedBatch() override { --alive_; }
  std::size_t size() const override { return 0; }
  void clear() override {}
  int& alive_;
};

TEST(Mailbox, BatchesInItEndWithItAndRecyclingIsBounded) {
  int alive = 0;
  {
    Mailbox mailbox(nullptr, nullptr);
    for (std::size_t i = 0; i < 3 * Mailbox::capacity; ++i) {
      mailbox.recycle(std::make_unique<CountedBatch>(alive));
    }
    EXPECT_LE(alive, static_cast<int>(Mailbox::capacity));
    BatchPtr waiting = std::make_unique<CountedBatch>(alive);
    mailbox.try_push(waiting);
  }
  EXPECT_EQ(alive, 0);
}

TEST(Doorbell, RingsOnlyWhoAnnouncedItsSleepAndOnlyOnce) {
  int rings = 0;
  Doorbell bell([&] { ++rings; });
  bell.ring();
  EXPECT_EQ(rings, 0);
  bell.announce_sleep();
  bell.ring();
  bell.ring();
  EXPECT_EQ(rings, 1);
  bell.announce_sleep();
  bell.awake();
  bell.ring();
  EXPECT_EQ(rings, 1);
}

TEST(Mailbox, RingsTheConsumerForMailAndTheProducerForRoomItWaitsFor) {
  int produced = 0;
  int consumed = 0;
  Doorbell producer([&] { ++produced; });
  Doorbell consumer([&] { ++consumed; });
  Mailbox mailbox(&producer, &consumer);
  producer.announce_sleep();
  consumer.announce_sleep();
  BatchPtr batch = numbered(1);
  mailbox.try_push(batch);
  EXPECT_EQ(consumed, 1);
  mailbox.pop();
  EXPECT_EQ(produced, 0) << "the producer did not wait for room";
  mailbox.wait_for_room();
  mailbox.pop();
  EXPECT_EQ(produced, 0) << "nothing was taken";
  batch = numbered(2);
  mailbox.try_push(batch);
  mailbox.pop();
  EXPECT_EQ(produced, 0) << "the producer has found room meanwhile";
}

// The consumer takes a batch when the producer has asked for room and is not asleep yet, and
// another one after that.
TEST(Mailbox, AskingForRoomLastsUntilSomethingIsPushed) {
  int produced = 0;
  Doorbell producer([&] { ++produced; });
  Doorbell consumer([] {});
  Mailbox mailbox(&producer, &consumer);
  for (int i = 0; i < 4; ++i) {
    BatchPtr batch = numbered(i);
    mailbox.try_push(batch);
  }
  mailbox.wait_for_room();
  mailbox.pop();
  EXPECT_EQ(produced, 0) << "it is awake";
  for (int sleeps = 1; sleeps <= 2; ++sleeps) {
    producer.announce_sleep();
    mailbox.pop();
    EXPECT_EQ(produced, sleeps);
  }
}

// A producer sleeps only when the mailbox is full.
void fill(Mailbox& mailbox) {
  for (int i = 0; !mailbox.seems_full(); ++i) {
    BatchPtr batch = numbered(i);
    mailbox.try_push(batch);
  }
}

TEST(Mailbox, WakesAProducerThatWaitsForRoomOnlyWhenThereIsRoomForSeveralBatches) {
  int produced = 0;
  Doorbell producer([&] { ++produced; });
  Doorbell consumer([] {});
  Mailbox mailbox(&producer, &consumer);
  fill(mailbox);
  mailbox.wait_for_room();
  producer.announce_sleep();
  while (mailbox.depth() > Mailbox::nearly_full + 1) {
    mailbox.pop();
  }
  EXPECT_EQ(produced, 0);
  mailbox.pop();
  EXPECT_EQ(produced, 1);
}

// Something else wakes the producer before the consumer gets so far, and it fills the mailbox.
TEST(Mailbox, AProducerThatFillsTheMailboxAndSleepsAgainIsWokenAgain) {
  int produced = 0;
  Doorbell producer([&] { ++produced; });
  Doorbell consumer([] {});
  Mailbox mailbox(&producer, &consumer);
  for (int sleeps = 1; sleeps <= 3; ++sleeps) {
    fill(mailbox);
    mailbox.wait_for_room();
    producer.announce_sleep();
    mailbox.pop();
    producer.awake();
    fill(mailbox);
    mailbox.wait_for_room();
    producer.announce_sleep();
    while (mailbox.depth() > Mailbox::nearly_full) {
      mailbox.pop();
    }
    EXPECT_EQ(produced, sleeps);
  }
}

// Sleeps until it is woken, as an executor's event loop does.
class Sleeper {
 public:
  void wake() {
    {
      const std::lock_guard lock(mutex_);
      awake_ = true;
    }
    changed_.notify_one();
  }
  // Returns false when nobody woke it for so long that a wake-up must have been lost.
  bool sleep() {
    std::unique_lock lock(mutex_);
    const bool woken = changed_.wait_for(lock, std::chrono::seconds(30), [&] { return awake_; });
    awake_ = false;
    return woken;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool awake_ = false;
};

// Both sides sleep whenever they find nothing to do, so each hand-over is a chance to miss a ring.
TEST(Mailbox, TwoThreadsThatSleepWheneverTheyCanLoseNothingAndNoWakeUp) {
  constexpr int batches = 100'000;
  Sleeper producer_sleeps;
  Sleeper consumer_sleeps;
  Doorbell producer([&] { producer_sleeps.wake(); });
  Doorbell consumer([&] { consumer_sleeps.wake(); });
  Mailbox mailbox(&producer, &consumer);
  std::atomic<bool> lost{false};

  std::thread producing([&] {
    for (int i = 0; i < batches && !lost; ++i) {
      BatchPtr batch = mailbox.recycled();
      if (batch == nullptr) {
        batch = std::make_unique<Numbers>();
      }
      static_cast<Numbers&>(*batch).emplace(i);
      while (!mailbox.try_push(batch) && !lost) {
        mailbox.wait_for_room();
        producer.announce_sleep();
        if (mailbox.seems_full() && !producer_sleeps.sleep()) {
          lost = true;
        }
        producer.awake();
      }
    }
  });
  int next = 0;
  while (next < batches && !lost) {
    BatchPtr batch = mailbox.pop();
    if (batch == nullptr) {
      consumer.announce_sleep();
      if (!mailbox.has_mail() && !consumer_sleeps.sleep()) {
        lost = true;
      }
      consumer.awake();
      continue;
    }
    ASSERT_EQ(number_of(batch), next++);
    batch->reset();
    mailbox.recycle(std::move(batch));
  }
  producing.join();
  EXPECT_FALSE(lost) << "a wake-up was lost after " << next << " batches";
  EXPECT_EQ(next, batches);
}

}  // namespace
}  // namespace wallaroo::internal
