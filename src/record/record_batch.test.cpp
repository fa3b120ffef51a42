#include "record/record_batch.hpp"

#include <any>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace wallaroo::internal {
namespace {

struct Counted {
  static inline int alive = 0;
  int value = 0;

  explicit Counted(int v) : value(v) { ++alive; }
  Counted(const Counted& other) : value(other.value) { ++alive; }
  Counted(Counted&& other) noexcept : value(std::exchange(other.value, -1)) { ++alive; }
  ~Counted() { --alive; }
};

TEST(RecordBatch, EveryRecordIsDestroyedOnceByClearOrWithTheBatch) {
  {
    RecordBatch<Counted> batch;
    EXPECT_EQ(Counted::alive, 0) << "an empty batch holds no records";
    for (int i = 0; i < 10; ++i) {
      batch.emplace(i);
    }
    EXPECT_EQ(Counted::alive, 10);
    batch.clear();
    EXPECT_EQ(Counted::alive, 0);
    EXPECT_EQ(batch.size(), 0U);
    batch.emplace(1);
  }
  EXPECT_EQ(Counted::alive, 0);
}

TEST(RecordBatch, RecordsBuiltInPlaceBelongToTheBatchOnceItsSizeSaysSo) {
  {
    RecordBatch<Counted> batch;
    new (batch.begin()) Counted(1);
    new (batch.begin() + 1) Counted(2);
    batch.set_size(2);
    EXPECT_EQ(batch.end() - batch.begin(), 2);
  }
  EXPECT_EQ(Counted::alive, 0);
}

TEST(RecordBatch, CapacityFollowsTheSizeOfARecordWithinBounds) {
  struct Large {
    char bytes[1 << 20];
  };
  EXPECT_EQ(RecordBatch<char>::capacity, max_batch_records);
  EXPECT_EQ(RecordBatch<char[1024]>::capacity, max_batch_bytes / 1024);
  EXPECT_EQ(RecordBatch<Large>::capacity, 16U);
}

TEST(RecordBatch, IsFullExactlyAtItsCapacity) {
  RecordBatch<std::string> batch;
  for (std::size_t i = 0; i < RecordBatch<std::string>::capacity; ++i) {
    ASSERT_FALSE(batch.full());
    batch.emplace("a string that is too long for its small buffer");
  }
  EXPECT_TRUE(batch.full());
}

TEST(RecordBatch, AListOfOneIsNotMistakenForTheRecord) {
  using Record = std::vector<std::any>;
  RecordBatch<Record> batch;
  batch.emplace(Record{1, 2, 3});
  EXPECT_EQ(batch.begin()->size(), 3U) << "the record was wrapped into a list that holds it";
}

struct Releases final : Pinned {
  explicit Releases(int& count) : count_(count) {}
  ~Releases() override { ++count_; }
  int& count_;
};

TEST(RecordBatch, ResetForgetsRecordsPinsTimeAndKind) {
  int released = 0;
  RecordBatch<int> batch;
  batch.emplace(1);
  batch.kind = BatchKind::end_of_stream;
  batch.ingest_ns = 5;
  batch.pins.emplace_back(new Releases(released));
  batch.reset();
  EXPECT_EQ(released, 1);
  EXPECT_EQ(batch.size(), 0U);
  EXPECT_EQ(batch.ingest_ns, 0);
  EXPECT_EQ(batch.kind, BatchKind::data);
}

TEST(RecordBatch, PinnedMemoryLivesAsLongAsTheLastBatchThatNamesIt) {
  int released = 0;
  RecordBatch<int> first;
  {
    RecordBatch<int> second;
    first.pins.emplace_back(new Releases(released));
    EXPECT_TRUE(first.pins.front()->unique());
    second.pins = first.pins;
    EXPECT_FALSE(first.pins.front()->unique());
    first.reset();
    EXPECT_EQ(released, 0);
  }
  EXPECT_EQ(released, 1);
}

}  // namespace
}  // namespace wallaroo::internal
