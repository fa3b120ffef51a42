// Two executors with event loops of their own, in one process, over TCP.
#include "link/channels/link.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "io/socket.hpp"
#include "link/channels/consumer_link.hpp"
#include "record/arena.hpp"
#include "record/record_batch.hpp"

namespace wallaroo::internal::link {
namespace {

using namespace std::chrono_literals;

/// Two ends of a TCP connection over the loopback.
struct TcpPair {
  TcpPair() {
    const FileDescriptor listener = listen_tcp("127.0.0.1:0");
    Connecting connecting = start_connect(local_address(listener.get()));
    EXPECT_EQ(connecting.error, 0);
    dialed = std::move(connecting.socket);
    Accepted taken = accept_tcp(listener.get());
    while (taken.error == EAGAIN) {
      taken = accept_tcp(listener.get());
    }
    accepted = std::move(taken.socket);
    EXPECT_EQ(finish_connect(dialed.get()), 0);
  }
  FileDescriptor dialed;
  FileDescriptor accepted;
};

using Record = std::string_view;
using Records = RecordBatch<Record>;

/// Everything that a link needs at both ends. A test moves the time and both executors by hand.
class TwoWorkers : public testing::Test {
 protected:
  void connect(int channels = 1) {
    for (int i = 0; i < channels; ++i) {
      inputs.push_back(std::make_unique<RemoteInput>(nullptr, nullptr, *codec));
      outputs.push_back(&producer->add_channel({7, static_cast<std::uint16_t>(i)}, *codec));
    }
    TcpPair pair;
    producer->attach(std::move(pair.dialed), "");
    consumer->attach(std::move(pair.accepted), "");
    turn();
  }
  Destination find(const Open& open) {
    return open.edge == 7 && open.to < inputs.size() ? Destination{inputs[open.to].get(), &pool}
                                                     : Destination{};
  }

  /// One turn of each executor. What was sent over the loopback has arrived when the call returns.
  void turn() {
    producer->flush();
    consumer_loop.poll(0ns);
    consumer->serve();
    producer_loop.poll(0ns);
    producer->serve();
  }
  /// Turns until `done`, for a while at most.
  template <class Done>
  bool turns_until(Done done) {
    for (int i = 0; i < 20'000 && !done(); ++i) {
      turn();
    }
    return done();
  }

  BatchPtr batch_of(const std::vector<std::string>& records, std::int64_t watermark = 0) {
    auto batch = std::make_unique<Records>();
    const boost::intrusive_ptr<Arena> arena(new Arena);
    for (const std::string& record : records) {
      batch->emplace(arena->copy(record));
    }
    batch->pins.emplace_back(arena);
    batch->watermark.time_ns = watermark;
    return batch;
  }
  bool push(BatchPtr batch, std::size_t channel = 0) { return outputs[channel]->try_push(batch); }

  /// The next batch of the channel as one line: records and watermark, or what it is.
  std::optional<std::string> pop(std::size_t channel = 0) {
    BatchPtr arrived = inputs[channel]->mailbox().pop();
    if (arrived == nullptr) {
      return std::nullopt;
    }
    const BatchPtr batch = inputs[channel]->decode(std::move(arrived));
    if (batch->kind == BatchKind::end_of_stream) {
      return "end";
    }
    if (batch->kind == BatchKind::barrier) {
      const Barrier barrier = static_cast<ControlBatch&>(*batch).barrier;
      return fmt::format("barrier {}{} at {}", barrier.checkpoint, barrier.last ? " last" : "",
                         batch->watermark.time_ns);
    }
    auto& records = static_cast<Records&>(*batch);
    return fmt::format("{} at {}", fmt::join(records.begin(), records.end(), ","),
                       batch->watermark.time_ns);
  }
  std::vector<std::string> pop_all(std::size_t channel = 0) {
    std::vector<std::string> all;
    while (auto one = pop(channel)) {
      all.push_back(*std::move(one));
    }
    return all;
  }
  void end_all() {
    for (LinkChannel* const output : outputs) {
      BatchPtr end = std::make_unique<ControlBatch>(BatchKind::end_of_stream);
      EXPECT_TRUE(output->try_push(end));
    }
  }

  ManualClock clock;
  EventLoop producer_loop{clock};
  EventLoop consumer_loop{clock};
  std::shared_ptr<const WireCodec> codec = wire_codec<Record>();
  CreditPool pool;
  std::vector<std::unique_ptr<RemoteInput>> inputs;
  std::vector<LinkChannel*> outputs;
  std::vector<std::string> producer_losses;
  std::vector<std::string> consumer_losses;
  std::optional<Link> producer{std::in_place, producer_loop, clock,
                               [this](const std::string& why) { producer_losses.push_back(why); }};
  std::optional<ConsumerLink> consumer{
      std::in_place, consumer_loop, clock,
      ConsumerLink::Calls{[this](const Open& open) { return find(open); },
                          [this](const std::string& why) { consumer_losses.push_back(why); }}};
};

TEST_F(TwoWorkers, ALoneRecordCrossesAtOnce) {
  connect();
  EXPECT_TRUE(outputs[0]->seems_empty());
  EXPECT_TRUE(push(batch_of({"lone"}, 5)));
  EXPECT_FALSE(outputs[0]->seems_empty());
  turn();
  EXPECT_EQ(pop(), "lone at 5");
  turn();
  turn();
  EXPECT_TRUE(outputs[0]->seems_empty()) << "the consumer has taken everything";
}

TEST_F(TwoWorkers, WhatWasPushedBeforeTheConnectionIsSent) {
  inputs.push_back(std::make_unique<RemoteInput>(nullptr, nullptr, *codec));
  outputs.push_back(&producer->add_channel({7, 0}, *codec));
  EXPECT_TRUE(push(batch_of({"early"})));
  producer->flush();
  TcpPair pair;
  consumer->attach(std::move(pair.accepted), "");
  producer->attach(std::move(pair.dialed), "");
  EXPECT_TRUE(turns_until([&] { return inputs[0]->mailbox().has_mail(); }));
  EXPECT_EQ(pop(), "early at 0");
}

TEST_F(TwoWorkers, RecordsBarriersWatermarksAndEndsKeepTheirPlaces) {
  connect();
  EXPECT_TRUE(push(batch_of({"a", "b"}, 1)));
  BatchPtr barrier = std::make_unique<ControlBatch>(BatchKind::barrier, Barrier{3, false});
  barrier->watermark.time_ns = 1;
  EXPECT_TRUE(outputs[0]->try_push(barrier));
  EXPECT_EQ(barrier, nullptr);
  EXPECT_TRUE(push(batch_of({}, 2)));
  EXPECT_TRUE(push(batch_of({"c"}, 3)));
  barrier = std::make_unique<ControlBatch>(BatchKind::barrier, Barrier{4, true});
  barrier->watermark.time_ns = 3;
  EXPECT_TRUE(outputs[0]->try_push(barrier));
  end_all();
  EXPECT_FALSE(producer->finished());
  turn();
  EXPECT_EQ(pop_all(), (std::vector<std::string>{"a,b at 1", "barrier 3 at 1", " at 2", "c at 3",
                                                 "barrier 4 last at 3", "end"}));
  EXPECT_TRUE(turns_until([&] { return producer->finished() && consumer->finished(); }));
  EXPECT_EQ(pool.free, pool_credit);
}

TEST_F(TwoWorkers, BatchesComeBackToTheirProducerAtOnceAndEmpty) {
  connect();
  BatchPtr batch = batch_of({"x"});
  batch->pins.emplace_back(new FrameBody(1));
  const Batch* const same = batch.get();
  EXPECT_TRUE(outputs[0]->try_push(batch));
  const BatchPtr back = outputs[0]->recycled();
  EXPECT_EQ(back.get(), same);
  EXPECT_EQ(back->size(), 0U);
  EXPECT_TRUE(back->pins.empty()) << "a slow consumer would keep the memory of a source";
}

TEST_F(TwoWorkers, TheAgeOfRecordsCrossesNotTheirTime) {
  clock.advance(1s);
  connect();
  BatchPtr batch = batch_of({"x"});
  batch->ingest_ns = clock.now_ns() - 7;
  EXPECT_TRUE(push(std::move(batch)));
  EXPECT_TRUE(push(batch_of({"y"})));
  turn();
  EXPECT_EQ(inputs[0]->decode(inputs[0]->mailbox().pop())->ingest_ns, clock.now_ns() - 7);
  EXPECT_EQ(inputs[0]->decode(inputs[0]->mailbox().pop())->ingest_ns, 0);
}

TEST_F(TwoWorkers, MemoryIsBoundedUnderASlowConsumerAndAllArrivesInOrder) {
  connect(2);
  const std::string record(1000, 'r');
  const auto frame_of = [&](std::size_t number) {
    return batch_of(std::vector<std::string>(30, fmt::format("{}{}", record, number)));
  };
  constexpr std::size_t batches = 2000;
  std::size_t pushed = 0;
  std::size_t popped = 0;
  std::size_t most = 0;
  BatchPtr waiting;
  while (popped < batches) {
    // The producer does what it can; the consumer takes one batch in three turns.
    for (;;) {
      if (waiting == nullptr && pushed < batches) {
        waiting = frame_of(pushed++);
      }
      if (waiting == nullptr || !outputs[0]->try_push(waiting)) {
        break;
      }
    }
    turn();
    turn();
    turn();
    most = std::max(most, pushed - popped);
    if (const auto batch = pop()) {
      ASSERT_TRUE(batch->starts_with(fmt::format("{}{},", record, popped))) << popped;
      ++popped;
    }
  }
  EXPECT_GT(producer->counters().credit_waits.value(), 0U);
  const std::size_t bound = (pool_credit / 2 + own_credit) / 30'000 + 2;
  EXPECT_LE(most, bound);
  EXPECT_GT(most, bound / 2) << "a channel with a backlog gets of the pool";
  EXPECT_TRUE(turns_until([&] { return outputs[0]->seems_empty(); }));
  EXPECT_EQ(pool.free, pool_credit);
}

TEST_F(TwoWorkers, AChannelThatIsNotConsumedDoesNotHoldUpAnother) {
  connect(2);
  for (int refused = 0; refused < 10; ++refused) {
    while (push(batch_of(std::vector<std::string>(20, std::string(1000, 's'))), 0)) {
      refused = 0;
    }
    turn();
  }
  EXPECT_TRUE(outputs[0]->seems_full());
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(push(batch_of({fmt::format("{}", i)}), 1));
    turn();
    ASSERT_EQ(pop(1), fmt::format("{} at 0", i));
    turn();
  }
  EXPECT_FALSE(push(batch_of({"more"}), 0));
}

TEST_F(TwoWorkers, ABatchThatIsLargerThanAllCreditCrosses) {
  connect();
  for (int i = 0; i < 3; ++i) {
    const std::string large(3'000'000, static_cast<char>('a' + i));
    ASSERT_TRUE(turns_until([&] { return !outputs[0]->seems_full(); }));
    ASSERT_TRUE(push(batch_of({large})));
    EXPECT_FALSE(push(batch_of({"next"})));
    ASSERT_TRUE(turns_until([&] { return inputs[0]->mailbox().has_mail(); }));
    EXPECT_EQ(pop(), large + " at 0");
  }
}

TEST_F(TwoWorkers, MoreBatchesThanAMailboxHoldsWaitInOrder) {
  connect();
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(push(batch_of({fmt::format("{}", i)})));
  }
  turn();
  std::vector<std::string> all;
  ASSERT_TRUE(turns_until([&] {
    for (std::string& one : pop_all()) {
      all.push_back(std::move(one));
    }
    return all.size() == 100;
  }));
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(all[static_cast<std::size_t>(i)], fmt::format("{} at 0", i));
  }
}

TEST_F(TwoWorkers, TheEndOfEverythingIsNoLoss) {
  connect(2);
  end_all();
  turn();
  pop_all(0);
  pop_all(1);
  ASSERT_TRUE(turns_until([&] { return producer->finished(); }));
  producer.reset();
  for (int i = 0; i < 100 && !consumer->over(); ++i) {
    consumer_loop.poll(1ms);
  }
  EXPECT_TRUE(consumer->over());
  EXPECT_TRUE(consumer_losses.empty());
}

TEST_F(TwoWorkers, AConsumerThatGoesAwayIsOneLossAndNothingMoreIsTaken) {
  connect(2);
  EXPECT_TRUE(push(batch_of({"x"})));
  turn();
  consumer.reset();
  for (int i = 0; i < 100; ++i) {
    producer_loop.poll(1ms);
    producer->flush();
    push(batch_of({"y"}));
  }
  EXPECT_EQ(producer_losses.size(), 1U);
  BatchPtr batch = batch_of({"z"});
  EXPECT_FALSE(outputs[0]->try_push(batch));
  EXPECT_NE(batch, nullptr);
  EXPECT_TRUE(outputs[0]->seems_full());
}

TEST_F(TwoWorkers, AnOtherSideThatSaysNothingIsALoss) {
  connect();
  clock.advance(59s);
  producer_loop.poll(0ns);
  EXPECT_TRUE(producer_losses.empty());
  clock.advance(2s);
  producer_loop.poll(0ns);
  ASSERT_EQ(producer_losses.size(), 1U);
  EXPECT_EQ(producer_losses[0], "the other worker has said nothing for 61 s");
}

TEST_F(TwoWorkers, PingsKeepAnIdleLinkAndMeasureTheRoundTrip) {
  connect();
  for (int i = 0; i < 200; ++i) {
    clock.advance(1s);
    turn();
    turn();
  }
  EXPECT_TRUE(producer_losses.empty());
  EXPECT_TRUE(consumer_losses.empty());
  EXPECT_GE(producer->counters().frames_in.value(), 199U);
}

TEST_F(TwoWorkers, AChannelThatLeadsNowhereIsRefused) {
  outputs.push_back(&producer->add_channel({8, 0}, *codec));
  connect();
  turn();
  ASSERT_EQ(consumer_losses.size(), 1U);
  EXPECT_NE(consumer_losses[0].find("no channel of edge 8 leads to executor 0"), std::string::npos);
}

/// The consumer's side alone, to which a test writes bytes.
class RawConsumer : public TwoWorkers {
 public:
  RawConsumer() {
    inputs.push_back(std::make_unique<RemoteInput>(nullptr, nullptr, *codec));
    pair.emplace();
    consumer->attach(std::move(pair->accepted), "");
  }
  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const IoResult sent = send_some(pair->dialed.get(), bytes);
      bytes.remove_prefix(sent.bytes);
      consumer_loop.poll(0ns);
      consumer->serve();
    }
    for (int i = 0; i < 5; ++i) {
      consumer_loop.poll(1ms);
      consumer->serve();
    }
  }
  static std::string stream() {
    StoredWriter out;
    put_open(0, {7, 0}, out);
    FrameHead head;
    head.records = 1;
    put_data(
        head, {{1, false}, 2, ""}, [](StoredWriter& to) { store(std::string("record"), to); }, out);
    put_barrier(0, {{1, false}, {3, false}}, out);
    put_ping(5, out);
    return out.take();
  }
  std::optional<TcpPair> pair;
  using TwoWorkers::clock;
  using TwoWorkers::consumer;
  using TwoWorkers::consumer_loop;
  using TwoWorkers::consumer_losses;
  using TwoWorkers::pop;

 private:
  void TestBody() override {}
};

TEST(RawBytes, ACutAtEveryByteIsOneLoss) {
  const std::string bytes = RawConsumer::stream();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    RawConsumer each;
    each.write(std::string_view(bytes).substr(0, size));
    EXPECT_TRUE(each.consumer_losses.empty()) << size;
    each.pair->dialed.reset();
    for (int i = 0; i < 50 && !each.consumer->over(); ++i) {
      each.consumer_loop.poll(1ms);
    }
    each.clock.advance(100s);
    each.consumer_loop.poll(0ns);
    const bool nothing_was_open = size < head_bytes + 4;
    EXPECT_EQ(each.consumer_losses.size(), nothing_was_open && size == 0 ? 0U : 1U) << size;
  }
}

TEST(RawBytes, WhatAProducerMustNotSendIsALoss) {
  const auto lost = [](auto put) {
    RawConsumer each;
    StoredWriter out;
    put_open(0, {7, 0}, out);
    put(out);
    each.write(out.bytes());
    EXPECT_EQ(each.consumer_losses.size(), 1U);
    return each.consumer_losses.empty() ? "" : each.consumer_losses[0];
  };
  const auto put_some = [](std::uint32_t channel, std::size_t bytes, StoredWriter& out) {
    FrameHead head;
    head.channel = channel;
    head.records = 1;
    put_data(
        head, {}, [&](StoredWriter& to) { store(std::string(bytes, 'x'), to); }, out);
  };
  EXPECT_NE(lost([&](StoredWriter& out) { put_some(1, 1, out); }).find("is not open"),
            std::string::npos);
  EXPECT_NE(lost([&](StoredWriter& out) {
              put_some(0, own_credit, out);
              put_some(0, 1, out);
            }).find("without credit"),
            std::string::npos);
  EXPECT_NE(lost([&](StoredWriter& out) {
              put_end(0, out);
              put_some(0, 1, out);
            }).find("follows the end"),
            std::string::npos);
  EXPECT_NE(lost([](StoredWriter& out) {
              put_credit(0, {1, 2}, out);
            }).find("producer"),
            std::string::npos);
  EXPECT_NE(lost([](StoredWriter& out) {
              put_open(0, {7, 0}, out);
            }).find("twice"),
            std::string::npos);
  EXPECT_NE(lost([](StoredWriter& out) {
              put_closed(0, out);
              put_end(0, out);
            }).find("is not open"),
            std::string::npos);
  EXPECT_NE(lost([](StoredWriter& out) {
              out.put_bytes("garbage garbage garbage garbage", 31);
            }).find("must not"),
            std::string::npos);
}

TEST(RawBytes, BytesThatAreNoRecordsAreFoundByTheConsumer) {
  StoredWriter out;
  put_open(0, {7, 0}, out);
  FrameHead head;
  head.records = 3;
  put_data(
      head, {}, [](StoredWriter& to) { store(std::string("one"), to); }, out);
  RawConsumer raw;
  raw.write(out.bytes());
  EXPECT_THROW(raw.pop(), StoredError);
}

}  // namespace
}  // namespace wallaroo::internal::link
