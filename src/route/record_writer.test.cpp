#include "route/record_writer.hpp"

#include <any>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "route/mailbox.hpp"

namespace wallaroo::internal {
namespace {

struct Counted {
  static inline int alive = 0;
  int value;
  explicit Counted(int v) : value(v) {
    if (v < 0) {
      throw std::runtime_error("refuses negative numbers");
    }
    ++alive;
  }
  Counted(const Counted& other) : value(other.value) { ++alive; }
  ~Counted() { --alive; }
};

struct Memory final : Pinned {
  explicit Memory(int& alive) : alive_(alive) { ++alive_; }
  ~Memory() override { --alive_; }
  int& alive_;
};

template <class R, bool Views = false>
struct Rig {
  Mailbox mailbox{nullptr, nullptr};
  Mailbox other{nullptr, nullptr};
  Outlet outlet{{&mailbox, &other}, assign_evenly(2)};
  RecordWriter<R, Views> writer{outlet};
  InputPins input;

  using Records = RecordBatch<R>;
  std::unique_ptr<Records> take(std::size_t target = 0) {
    return std::unique_ptr<Records>(
        static_cast<Records*>((target == 0 ? mailbox : other).pop().release()));
  }
};

TEST(RecordWriter, SendsABatchWhenItIsFullAndNotBefore) {
  Rig<int> rig;
  constexpr auto capacity = static_cast<int>(RecordBatch<int>::capacity);
  for (int i = 0; i < capacity - 1; ++i) {
    rig.writer.append(0, rig.input, i);
  }
  EXPECT_EQ(rig.mailbox.depth(), 0U);
  rig.writer.append(0, rig.input, capacity - 1);
  const auto batch = rig.take();
  ASSERT_NE(batch, nullptr);
  ASSERT_EQ(batch->size(), RecordBatch<int>::capacity);
  for (int i = 0; i < capacity; ++i) {
    ASSERT_EQ(batch->begin()[i], i);
  }
  rig.writer.flush(true);
  EXPECT_EQ(rig.mailbox.depth(), 0U) << "an empty batch was sent";
}

TEST(RecordWriter, SendsHalfFullBatchesToIdleTargetsOnly) {
  Rig<int> rig;
  rig.writer.append(0, rig.input, 1);
  rig.writer.append(1, rig.input, 2);
  rig.writer.flush(false);
  EXPECT_EQ(rig.mailbox.depth(), 1U);
  EXPECT_EQ(rig.other.depth(), 1U);
  rig.take(1);
  rig.writer.append(0, rig.input, 3);
  rig.writer.append(1, rig.input, 4);
  rig.writer.flush(false);
  EXPECT_EQ(rig.mailbox.depth(), 1U) << "its consumer has not looked at the first one yet";
  EXPECT_EQ(rig.other.depth(), 1U);
  rig.writer.flush(true);
  EXPECT_EQ(rig.mailbox.depth(), 2U);
}

TEST(RecordWriter, FillsUsedBatchesAgain) {
  Rig<std::string> rig;
  rig.writer.append(0, rig.input, "first");
  rig.writer.flush(true);
  auto used = rig.take();
  const auto* const address = used.get();
  used->reset();
  rig.mailbox.recycle(std::move(used));
  rig.writer.append(0, rig.input, "second");
  rig.writer.flush(true);
  rig.writer.append(0, rig.input, "third");
  rig.writer.flush(true);
  EXPECT_EQ(*rig.take()->begin(), "second");
  const auto third = rig.take();
  EXPECT_EQ(third.get(), address);
  ASSERT_EQ(third->size(), 1U);
  EXPECT_EQ(*third->begin(), "third");
}

TEST(RecordWriter, DestroysWhatWasNotSent) {
  {
    Rig<Counted> rig;
    rig.writer.append(0, rig.input, 1);
    rig.writer.append(1, rig.input, 2);
    auto moved = std::move(rig.writer);
    EXPECT_EQ(Counted::alive, 2);
  }
  EXPECT_EQ(Counted::alive, 0);
}

TEST(RecordWriter, ARecordThatCannotBeMadeLeavesTheBatchAsItWas) {
  {
    Rig<Counted> rig;
    rig.writer.append(0, rig.input, 1);
    EXPECT_THROW(rig.writer.append(0, rig.input, -1), std::runtime_error);
    rig.writer.append(0, rig.input, 2);
    rig.writer.flush(true);
    const auto batch = rig.take();
    ASSERT_EQ(batch->size(), 2U);
    EXPECT_EQ(batch->begin()[1].value, 2);
  }
  EXPECT_EQ(Counted::alive, 0);
}

TEST(RecordWriter, AListOfOneIsNotMistakenForTheRecord) {
  using Record = std::vector<std::any>;
  Rig<Record> rig;
  rig.writer.append(0, rig.input, Record{1, 2, 3});
  rig.writer.flush(true);
  EXPECT_EQ(rig.take()->begin()->size(), 3U) << "the record was wrapped into a list that holds it";
}

TEST(RecordWriter, ABatchIsAsOldAsItsOldestRecord) {
  Rig<int> rig;
  rig.input.ingest_ns = 10;
  rig.input.epoch = 2;
  rig.writer.append(0, rig.input, 1);
  rig.input.ingest_ns = 20;
  rig.input.epoch = 3;
  rig.writer.append(0, rig.input, 2);
  rig.writer.flush(true);
  rig.writer.append(0, rig.input, 3);
  rig.writer.flush(true);
  EXPECT_EQ(rig.take()->ingest_ns, 10);
  EXPECT_EQ(rig.take()->ingest_ns, 20);
}

TEST(RecordWriter, ViewsKeepTheMemoryOfEveryInputTheyCameFrom) {
  int alive = 0;
  Rig<std::string_view, true> rig;
  for (std::uint64_t epoch = 2; epoch < 5; ++epoch) {
    std::vector<PinnedRef> pins{PinnedRef(new Memory(alive))};
    rig.input.epoch = epoch;
    rig.input.pins = &pins;
    rig.writer.append(0, rig.input, "a");
    rig.writer.append(0, rig.input, "b");
  }
  rig.input.pins = nullptr;
  EXPECT_EQ(alive, 3);
  rig.writer.flush(true);
  auto batch = rig.take();
  EXPECT_EQ(batch->pins.size(), 3U);
  batch->reset();
  EXPECT_EQ(alive, 0);
}

TEST(RecordWriter, RecordsThatOwnTheirBytesKeepNoMemoryOfTheInput) {
  int alive = 0;
  Rig<std::string, false> rig;
  std::vector<PinnedRef> pins{PinnedRef(new Memory(alive))};
  rig.input.pins = &pins;
  rig.writer.append(0, rig.input, "a");
  pins.clear();
  EXPECT_EQ(alive, 0);
}

TEST(RecordWriter, TargetsWithoutRecordsOfAnInputKeepNoneOfItsMemory) {
  int alive = 0;
  Rig<std::string_view, true> rig;
  std::vector<PinnedRef> pins{PinnedRef(new Memory(alive))};
  rig.input.pins = &pins;
  rig.writer.append(1, rig.input, "a");
  rig.writer.flush(true);
  EXPECT_EQ(rig.take(0), nullptr);
  EXPECT_EQ(rig.take(1)->pins.size(), 1U);
}

TEST(RecordWriter, AnArenaFirstUsedWithinABatchIsKeptFromThereOn) {
  Rig<std::string_view, true> rig;
  rig.input.epoch = 2;
  rig.writer.append(0, rig.input, "before");
  rig.input.arena = new Arena;
  rig.input.epoch = 3;
  rig.writer.append(0, rig.input, rig.input.arena->copy("within"));
  rig.writer.flush(true);
  EXPECT_FALSE(rig.input.arena->unique());
  rig.take();
  EXPECT_TRUE(rig.input.arena->unique());
}

TEST(RecordWriter, AnArenaThatWasAskedForBeforeItIsUsedIsKept) {
  Rig<std::string_view, true> rig;
  rig.input.arena = new Arena;
  rig.writer.append(0, rig.input, "a view of the input");
  rig.writer.append(0, rig.input, rig.input.arena->copy("in the arena"));
  rig.writer.flush(true);
  EXPECT_FALSE(rig.input.arena->unique()) << "its memory would be used again under the record";
}

TEST(RecordWriter, AFewViewsOfManyInputsDoNotKeepAllTheirMemoryInOneBatch) {
  int alive = 0;
  Rig<std::string_view, true> rig;
  std::size_t most = 0;
  for (std::uint64_t epoch = 2; epoch < 500; ++epoch) {
    std::vector<PinnedRef> pins{PinnedRef(new Memory(alive))};
    rig.input.epoch = epoch;
    rig.input.pins = &pins;
    rig.writer.append(0, rig.input, "the one record of its input that passes a filter");
    while (const auto batch = rig.take()) {
      most = std::max(most, batch->pins.size());
    }
  }
  EXPECT_LE(alive, 64) << "memory held back by the open batch";
  EXPECT_GT(most, 0U);
}

}  // namespace
}  // namespace wallaroo::internal
