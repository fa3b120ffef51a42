#include "link/channels/credit.hpp"

#include <deque>
#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace wallaroo::internal::link {
namespace {

TEST(SendCredit, LetsTheProducerSendWhatTheConsumerHasRoomForAndOneBatchMore) {
  SendCredit credit;
  EXPECT_TRUE(credit.may_send());
  credit.on_sent(own_credit - 1);
  EXPECT_TRUE(credit.may_send());
  credit.on_sent(10'000'000);
  EXPECT_FALSE(credit.may_send());
  EXPECT_TRUE(credit.on_credit({own_credit - 1, 2 * own_credit - 1}));
  EXPECT_FALSE(credit.may_send()) << "the large batch is not consumed";
  EXPECT_TRUE(credit.on_credit({own_credit + 9'999'999, 2 * own_credit + 9'999'999}));
  EXPECT_TRUE(credit.may_send());
  EXPECT_TRUE(credit.all_consumed());
}

TEST(SendCredit, IsNotMovedByMessagesThatAreLateOrRepeated) {
  SendCredit credit;
  credit.on_sent(100);
  EXPECT_TRUE(credit.on_credit({100, 500}));
  EXPECT_TRUE(credit.on_credit({50, 400}));
  EXPECT_TRUE(credit.on_credit({100, 500}));
  EXPECT_TRUE(credit.all_consumed());
  credit.on_sent(own_credit - 100);
  EXPECT_FALSE(credit.may_send()) << "a limit never goes down, and is not counted twice";
}

TEST(SendCredit, RefusesAConsumerThatHasTakenWhatWasNotSent) {
  SendCredit credit;
  credit.on_sent(100);
  EXPECT_FALSE(credit.on_credit({101, 500}));
}

struct Receiver : testing::Test {
  void received(std::uint64_t bytes, std::uint64_t backlog) {
    EXPECT_TRUE(channel.on_received(bytes, backlog));
  }
  CreditPool pool;
  ReceiveCredit channel{pool};
};

TEST_F(Receiver, TellsAtOnceThatEverythingIsConsumed) {
  EXPECT_EQ(channel.news(), std::nullopt);
  received(10, 0);
  EXPECT_EQ(channel.news(), std::nullopt);
  channel.on_consumed(10);
  EXPECT_EQ(channel.news(), (Credit{10, own_credit + 10}));
  EXPECT_EQ(channel.news(), std::nullopt) << "it is news once";
}

TEST_F(Receiver, TellsInSizeableStepsWhileMoreIsWaiting) {
  received(own_credit, 0);
  channel.on_consumed(own_credit / 4 - 1);
  EXPECT_EQ(channel.news(), std::nullopt);
  channel.on_consumed(1);
  EXPECT_EQ(channel.news(), (Credit{own_credit / 4, own_credit + own_credit / 4}));
}

TEST_F(Receiver, GivesOfThePoolToWhoeverHasABacklogTwiceAsMuchEachTime) {
  received(1, 1);
  EXPECT_EQ(channel.news(), (Credit{0, 2 * own_credit}));
  received(1, 1);
  EXPECT_EQ(channel.news(), (Credit{0, 3 * own_credit}));
  received(1, 1);
  EXPECT_EQ(channel.news(), (Credit{0, 5 * own_credit}));
  EXPECT_EQ(channel.borrowed(), 4 * own_credit);
  EXPECT_EQ(pool.free, pool_credit - 4 * own_credit);
}

TEST_F(Receiver, LeavesHalfOfThePoolToOthers) {
  for (int i = 0; i < 20; ++i) {
    received(0, 1);
    channel.news();
  }
  EXPECT_EQ(channel.borrowed(), pool_credit / 2);
}

TEST_F(Receiver, GivesBackWhatItIsOutOfUse) {
  received(0, 1);
  ASSERT_EQ(channel.news(), (Credit{0, 2 * own_credit}));
  received(own_credit / 2, 0);
  EXPECT_EQ(channel.borrowed(), own_credit) << "it was promised";
  channel.on_consumed(own_credit / 2);
  EXPECT_EQ(channel.borrowed(), own_credit / 2);
  received(own_credit / 2, 0);
  channel.on_consumed(own_credit / 2);
  EXPECT_EQ(channel.borrowed(), 0U);
  EXPECT_EQ(pool.free, pool_credit);
  EXPECT_EQ(channel.news(), (Credit{own_credit, 2 * own_credit}));
}

TEST_F(Receiver, DoesNotHoldThePoolForAProducerThatHasStopped) {
  for (int i = 0; i < 10; ++i) {
    received(own_credit, 1);
    channel.news();
  }
  const std::uint64_t before = channel.borrowed();
  ASSERT_GT(before, 10 * own_credit);
  while (channel.waiting() != 0) {
    channel.on_consumed(own_credit);
    channel.news();
  }
  EXPECT_LE(channel.borrowed() + 8 * own_credit, before) << "only what was promised is kept";
  received(pool_credit / 2, 0);
  channel.on_consumed(pool_credit / 2);
  EXPECT_EQ(pool.free, pool_credit);
}

TEST_F(Receiver, GivesEverythingBackWhenItIsClosed) {
  {
    ReceiveCredit other(pool);
    EXPECT_TRUE(other.on_received(own_credit, 1));
    EXPECT_LT(pool.free, pool_credit);
  }
  EXPECT_EQ(pool.free, pool_credit);
}

TEST_F(Receiver, RefusesAProducerThatSendsWithoutCredit) {
  received(own_credit - 1, 0);
  received(5 * own_credit, 0);
  EXPECT_FALSE(channel.on_received(1, 0));
  EXPECT_TRUE(channel.on_received(0, 1)) << "it may say that it waits";
}

TEST_F(Receiver, HasRoomForABatchOfAnySizeWhenAllIsConsumed) {
  received(100 * own_credit, 0);
  channel.on_consumed(100 * own_credit);
  EXPECT_EQ(channel.news(), (Credit{100 * own_credit, 101 * own_credit}));
}

/// One edge: producers, a consumer, and messages on their way.
class Edge {
 public:
  struct Message {
    std::uint64_t bytes = 0;
    std::uint64_t backlog = 0;
  };
  struct Channel {
    explicit Channel(CreditPool& pool) : receiver(pool) {}
    std::uint64_t to_send = 0;  ///< batches
    bool refused = false;
    std::uint64_t sent = 0;
    std::uint64_t consumed = 0;
    SendCredit sender;
    ReceiveCredit receiver;
    std::deque<Message> frames;
    std::deque<std::uint64_t> queue;  ///< of the consumer
    std::deque<Credit> credits;
  };

  Edge(std::uint32_t seed, std::size_t channels) : random_(seed) {
    for (std::size_t i = 0; i < channels; ++i) {
      channels_.push_back(std::make_unique<Channel>(pool_));
      channels_.back()->to_send = random_() % 300;
    }
  }

  /// Something happens at one channel; returns false when nothing could.
  bool step() {
    const std::size_t first = random_() % channels_.size();
    const std::size_t action = random_() % 4;
    for (std::size_t i = 0; i < 4 * channels_.size(); ++i) {
      Channel& channel = *channels_[(first + i / 4) % channels_.size()];
      if (act(channel, (action + i) % 4)) {
        return true;
      }
    }
    return false;
  }

  void check_bounds() {
    std::uint64_t on_the_way = 0;
    std::uint64_t borrowed = pool_.free;
    for (const auto& channel : channels_) {
      const std::uint64_t own = own_credit + largest;
      const std::uint64_t bytes = channel->sent - channel->consumed;
      on_the_way += bytes > own ? bytes - own : 0;
      borrowed += channel->receiver.borrowed();
    }
    ASSERT_LE(on_the_way, pool_credit);
    ASSERT_EQ(borrowed, pool_credit);
  }
  void check_end() {
    for (const auto& channel : channels_) {
      EXPECT_EQ(channel->to_send, 0U) << "it waits for ever";
      EXPECT_TRUE(channel->sender.all_consumed());
      EXPECT_TRUE(channel->sender.may_send());
    }
  }

 private:
  static constexpr std::uint64_t largest = 70'000;

  bool act(Channel& channel, std::size_t action) {
    switch (action) {
      case 0:
        return send(channel);
      case 1:
        return receive(channel);
      case 2:
        return consume(channel);
      default:
        if (channel.credits.empty()) {
          return false;
        }
        EXPECT_TRUE(channel.sender.on_credit(channel.credits.front()));
        channel.credits.pop_front();
        return true;
    }
  }
  bool send(Channel& channel) {
    if (channel.to_send == 0) {
      return false;
    }
    if (!channel.sender.may_send()) {
      if (channel.refused) {
        return false;
      }
      channel.refused = true;
      channel.frames.push_back({0, 1});
      return true;
    }
    const Message message{1 + random_() % largest, channel.refused ? 1U : 0U};
    channel.refused = false;
    channel.sender.on_sent(message.bytes);
    channel.sent += message.bytes;
    channel.frames.push_back(message);
    --channel.to_send;
    return true;
  }
  bool receive(Channel& channel) {
    if (channel.frames.empty()) {
      return false;
    }
    const Message message = channel.frames.front();
    channel.frames.pop_front();
    EXPECT_TRUE(channel.receiver.on_received(message.bytes, message.backlog));
    if (message.bytes != 0) {
      channel.queue.push_back(message.bytes);
    }
    tell(channel);
    return true;
  }
  bool consume(Channel& channel) {
    if (channel.queue.empty()) {
      return false;
    }
    channel.receiver.on_consumed(channel.queue.front());
    channel.consumed += channel.queue.front();
    channel.queue.pop_front();
    tell(channel);
    return true;
  }
  static void tell(Channel& channel) {
    if (const auto news = channel.receiver.news()) {
      channel.credits.push_back(*news);
    }
  }

  std::mt19937 random_;
  CreditPool pool_;
  std::vector<std::unique_ptr<Channel>> channels_;
};

TEST(Credits, AreBoundedAndAllComeBackInAnyOrderOfEvents) {
  for (std::uint32_t seed = 0; seed < 300; ++seed) {
    Edge edge(seed, 1 + seed % 40);
    while (edge.step()) {
      ASSERT_NO_FATAL_FAILURE(edge.check_bounds()) << "seed " << seed;
    }
    edge.check_end();
  }
}

}  // namespace
}  // namespace wallaroo::internal::link
