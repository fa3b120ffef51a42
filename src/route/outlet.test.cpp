#include "route/outlet.hpp"

#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "record/key.hpp"
#include "route/mailbox.hpp"
#include "route/numbered_batch.rig.hpp"

namespace wallaroo::internal {
namespace {

struct Targets {
  explicit Targets(int count) {
    for (int i = 0; i < count; ++i) {
      mailboxes.push_back(std::make_unique<Mailbox>(nullptr, nullptr));
    }
  }
  Outlet outlet() {
    std::vector<Channel*> targets;
    for (const auto& mailbox : mailboxes) {
      targets.push_back(mailbox.get());
    }
    return Outlet(targets, assign_evenly(targets.size()));
  }
  // Takes the contents of a mailbox: numbers, and -1 for the end of the stream.
  std::vector<int> take(std::size_t target, std::size_t at_most = 1000) {
    std::vector<int> numbers;
    while (numbers.size() < at_most) {
      const BatchPtr batch = mailboxes[target]->pop();
      if (batch == nullptr) {
        break;
      }
      numbers.push_back(batch->kind == BatchKind::end_of_stream ? -1 : number_of(batch));
    }
    return numbers;
  }
  std::vector<std::unique_ptr<Mailbox>> mailboxes;
};

std::vector<int> range(int from, int to) {
  std::vector<int> numbers;
  for (int i = from; i < to; ++i) {
    numbers.push_back(i);
  }
  return numbers;
}

constexpr int room = static_cast<int>(Mailbox::capacity);

TEST(Outlet, WhatAFullMailboxRefusesFollowsInOrderWhenThereIsRoom) {
  Targets targets(1);
  Outlet outlet = targets.outlet();
  for (int i = 0; i < room + 5; ++i) {
    outlet.send(0, numbered(i));
  }
  EXPECT_TRUE(outlet.blocked());
  EXPECT_FALSE(outlet.can_retry());
  EXPECT_FALSE(outlet.retry());

  EXPECT_EQ(targets.take(0, 2), range(0, 2));
  // A later batch must not overtake waiting ones, although there is room again.
  outlet.send(0, numbered(room + 5));
  EXPECT_TRUE(outlet.can_retry());
  EXPECT_TRUE(outlet.retry());
  EXPECT_TRUE(outlet.blocked());
  EXPECT_EQ(targets.take(0), range(2, room + 2));
  EXPECT_TRUE(outlet.retry());
  EXPECT_FALSE(outlet.blocked());
  EXPECT_EQ(targets.take(0), range(room + 2, room + 6));
}

TEST(Outlet, TheEndOfTheStreamComesAfterAllDataAtEveryTarget) {
  Targets targets(3);
  Outlet outlet = targets.outlet();
  for (int i = 0; i < room + 2; ++i) {
    outlet.send(1, numbered(i));
  }
  outlet.broadcast(BatchKind::end_of_stream);
  EXPECT_EQ(targets.take(0), std::vector<int>{-1});
  EXPECT_EQ(targets.take(2), std::vector<int>{-1});
  EXPECT_EQ(targets.take(1), range(0, room));
  EXPECT_TRUE(outlet.retry());
  EXPECT_EQ(targets.take(1), (std::vector<int>{room, room + 1, -1}));
  EXPECT_FALSE(outlet.blocked());
}

TEST(Outlet, OneFullTargetHoldsBackNoOther) {
  Targets targets(2);
  Outlet outlet = targets.outlet();
  for (int i = 0; i <= room; ++i) {
    outlet.send(0, numbered(i));
  }
  EXPECT_TRUE(outlet.blocked());
  outlet.send(1, numbered(7));
  EXPECT_EQ(targets.take(1), std::vector<int>{7});
  EXPECT_TRUE(outlet.target_idle(1));
  EXPECT_FALSE(outlet.target_idle(0));
}

TEST(Outlet, IsBlockedUntilTheLastOfSeveralFullTargetsHasRoom) {
  Targets targets(3);
  Outlet outlet = targets.outlet();
  for (const std::size_t target : {0U, 2U}) {
    for (int i = 0; i <= room; ++i) {
      outlet.send(target, numbered(i));
    }
  }
  targets.take(0, 1);
  EXPECT_TRUE(outlet.retry());
  EXPECT_TRUE(outlet.blocked());
  targets.take(2, 1);
  EXPECT_TRUE(outlet.retry());
  EXPECT_FALSE(outlet.blocked());
  EXPECT_FALSE(outlet.retry());
}

TEST(Outlet, AsksForARingOnlyOfMailboxesThatRefused) {
  int rings = 0;
  Doorbell producer([&] { ++rings; });
  Doorbell consumer([] {});
  Mailbox full(&producer, &consumer);
  Mailbox free(&producer, &consumer);
  Outlet outlet({&full, &free}, assign_evenly(2));
  for (int i = 0; i <= room; ++i) {
    outlet.send(0, numbered(i));
  }
  outlet.send(1, numbered(1));
  outlet.wait_for_room();
  producer.announce_sleep();
  free.pop();
  EXPECT_EQ(rings, 0);
  while (full.depth() != Mailbox::nearly_full) {
    EXPECT_EQ(rings, 0);
    full.pop();
  }
  EXPECT_EQ(rings, 1);
}

TEST(Outlet, SendsAKeyToTheOwnerOfItsGroup) {
  Targets targets(3);
  const Outlet outlet = targets.outlet();
  const AssignmentPtr assignment = assign_evenly(3);
  for (int key = 0; key < 1000; ++key) {
    const std::uint64_t hash = hash_key(key);
    ASSERT_EQ(outlet.target_of(hash), assignment->owner(key_group(hash)));
  }
}

TEST(OutletWatermark, TravelsWithTheNextBatchAndIsNewsUntilThen) {
  Targets targets(2);
  Outlet outlet = targets.outlet();
  EXPECT_FALSE(outlet.has_news(0));
  outlet.set_watermark({10, false});
  EXPECT_TRUE(outlet.has_news(0));
  outlet.send(0, numbered(1));
  EXPECT_FALSE(outlet.has_news(0));
  EXPECT_TRUE(outlet.has_news(1));
  EXPECT_EQ(targets.mailboxes[0]->pop()->watermark, (Watermark{10, false}));
  outlet.set_watermark({10, true});
  EXPECT_TRUE(outlet.has_news(0)) << "that it is idle is news, too";
}

TEST(OutletWatermark, OfABatchThatWaitsForRoomIsThatOfWhenItWasSent) {
  Targets targets(1);
  Outlet outlet = targets.outlet();
  outlet.set_watermark({10, false});
  for (int i = 0; i <= room; ++i) {
    outlet.send(0, numbered(i));
  }
  outlet.set_watermark({20, false});
  targets.take(0);
  ASSERT_TRUE(outlet.retry());
  EXPECT_EQ(targets.mailboxes[0]->pop()->watermark, (Watermark{10, false}));
}

}  // namespace
}  // namespace wallaroo::internal
