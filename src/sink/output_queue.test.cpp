#include "sink/output_queue.hpp"

#include <array>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sink/sink.rig.hpp"

namespace wallaroo::internal {
namespace {

struct Queue {
  ManualClock clock;
  SinkMetrics metrics;
  OutputQueue queue{clock, metrics};

  void push(const std::vector<std::string>& records, std::int64_t ingest_ns = 0) {
    auto batch = batch_of(records, ingest_ns);
    queue.push(*batch);
    EXPECT_EQ(batch->size(), 0U);
    EXPECT_TRUE(batch->bytes.empty());
  }
  /// Takes up to `limit` bytes, as the operating system would.
  std::string take(std::size_t limit) {
    std::array<iovec, 3> parts;
    const std::size_t count = queue.gather(parts);
    std::string result;
    for (std::size_t i = 0; i < count; ++i) {
      result.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
    }
    result.resize(std::min(result.size(), limit));
    queue.taken(result.size());
    return result;
  }
};

TEST(OutputQueue, GivesBackWhatWasPutInWhateverIsTakenAtATime) {
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    Queue q;
    std::string expected;
    std::string got;
    std::uint64_t records = 0;
    for (int i = 0; i < 60; ++i) {
      ByteBatch batch;
      const std::size_t count = random() % 40;
      if (random() % 2 == 0) {
        batch.bytes.reserve(random() % 100'000);
      }
      for (std::size_t r = 0; r < count; ++r) {
        add_record(batch, std::string(random() % 500, static_cast<char>('a' + random() % 26)));
      }
      expected += batch.bytes;
      records += count;
      q.queue.push(batch);
      got += q.take(random() % 20'000);
      EXPECT_EQ(q.queue.bytes(), expected.size() - got.size());
    }
    while (q.queue.bytes() > 0) {
      got += q.take(1 + random() % 20'000);
    }
    EXPECT_EQ(got, expected);
    EXPECT_TRUE(q.queue.empty());
    EXPECT_EQ(q.queue.records(), 0U);
    EXPECT_EQ(q.metrics.records.value(), records);
    EXPECT_EQ(q.metrics.bytes.value(), expected.size());
    EXPECT_EQ(q.metrics.buffered_bytes.value(), 0);
  }
}

TEST(OutputQueue, ATornRecordComesBackWholeAndNothingElseDoes) {
  for (std::size_t taken = 0; taken <= 12; ++taken) {
    Queue q;
    q.push({"aaa", "", "bbbb"});
    q.push({"ccccc"});
    q.take(taken);
    q.queue.restore_torn_record();
    const std::string rest = taken < 3 ? "aaabbbbccccc" : taken < 7 ? "bbbbccccc" : "ccccc";
    EXPECT_EQ(q.take(100), taken == 12 ? "" : rest) << taken;
    EXPECT_EQ(q.metrics.records.value(), 4U) << taken;
    EXPECT_TRUE(q.queue.empty());
  }
}

TEST(OutputQueue, DiscardCountsTheRecordsThatWereNotTakenAsAWhole) {
  for (std::size_t taken = 0; taken <= 12; ++taken) {
    Queue q;
    q.push({"aaa", "bbbb"});
    q.push({"ccccc"});
    q.take(taken);
    EXPECT_EQ(q.queue.discard(), taken < 3 ? 3U : taken < 7 ? 2U : taken < 12 ? 1U : 0U) << taken;
    EXPECT_TRUE(q.queue.empty());
    q.push({"next"});
    EXPECT_EQ(q.take(100), "next");
  }
}

TEST(OutputQueue, ARecordWithoutBytesCountsAtOnce) {
  Queue q;
  q.push({"", ""});
  EXPECT_TRUE(q.queue.empty());
  EXPECT_EQ(q.metrics.records.value(), 2U);
}

TEST(OutputQueue, TheLatencyOfABatchIsRecordedWhenItsLastByteIsTaken) {
  Queue q;
  q.clock.advance(std::chrono::nanoseconds(1'000));
  q.push({"aaa", "bbb"}, 1'000);
  q.push({"ccc"}, 1'000);
  q.push({"ddd"}, 0);  // no source time: no latency
  const auto recorded = [&] {
    std::uint64_t all = 0;
    for (std::size_t bin = 0; bin < LatencyHistogram::bins; ++bin) {
      all += q.metrics.latency.in_bin(bin);
    }
    return all;
  };
  q.take(5);
  EXPECT_EQ(recorded(), 0U);
  q.clock.advance(std::chrono::nanoseconds(100));
  q.take(1);
  EXPECT_EQ(recorded(), 2U);
  EXPECT_EQ(q.metrics.latency.sum_ns(), 200U);
  q.clock.advance(std::chrono::nanoseconds(100));
  q.take(100);
  EXPECT_EQ(recorded(), 3U);
  EXPECT_EQ(q.metrics.latency.sum_ns(), 400U);
}

TEST(OutputQueue, SmallRecordsInLargeBuffersDoNotHoldThoseBuffers) {
  Queue q;
  for (int i = 0; i < 1000; ++i) {
    ByteBatch batch;
    batch.bytes.reserve(64 * 1024);
    const char* memory = batch.bytes.data();
    add_record(batch, "0123456789");
    q.queue.push(batch);
    ASSERT_EQ(batch.bytes.data(), memory) << "the queue keeps 64 KiB for 10 bytes";
  }
  std::array<iovec, 3> parts;
  EXPECT_EQ(q.queue.gather(parts), 1U);
}

TEST(OutputQueue, FullBatchesAreTakenOverWithoutACopy) {
  Queue q;
  ByteBatch batch;
  add_record(batch, std::string(50'000, 'x'));
  const char* memory = batch.bytes.data();
  q.queue.push(batch);
  std::array<iovec, 3> parts;
  ASSERT_EQ(q.queue.gather(parts), 1U);
  EXPECT_EQ(parts[0].iov_base, memory);
}

TEST(OutputQueue, TakingMoreThanWasGivenIsABrokenInvariant) {
  Queue q;
  q.push({"abc"});
  EXPECT_THROW(q.queue.taken(4), std::logic_error);
}

}  // namespace
}  // namespace wallaroo::internal
