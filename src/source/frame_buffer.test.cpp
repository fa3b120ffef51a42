#include "source/frame_buffer.hpp"

#include <cstring>
#include <random>

#include <gtest/gtest.h>

#include "source/framing_cases.rig.hpp"

namespace wallaroo::internal {
namespace {

/// Reads a stream of bytes in pieces and keeps the records as their receivers see them later.
class Reader {
 public:
  Reader(BlockPool& pool, Framer framer) : framer_(std::move(framer)), buffer_(pool) {}

  void read(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::span<char> room = buffer_.prepare();
      const std::size_t size = std::min(room.size(), bytes.size());
      std::memcpy(room.data(), bytes.data(), size);
      buffer_.commit(size);
      bytes.remove_prefix(size);
      cut();
    }
  }
  void cut() {
    while (!buffer_.starved()) {
      batches_.push_back(std::make_unique<FrameBatch>());
      const Cut cut = buffer_.cut(framer_, *batches_.back());
      ASSERT_FALSE(cut.error) << *cut.error;
    }
  }
  void finish() {
    batches_.push_back(std::make_unique<FrameBatch>());
    const StreamEnd end = buffer_.finish(framer_, *batches_.back());
    EXPECT_FALSE(end.cut_off);
  }
  std::vector<std::string> records() const {
    std::vector<std::string> records;
    for (const auto& batch : batches_) {
      records.insert(records.end(), batch->frames.begin(), batch->frames.end());
    }
    return records;
  }
  void forget() { batches_.clear(); }
  FrameBuffer& buffer() { return buffer_; }

 private:
  Framer framer_;
  FrameBuffer buffer_;
  std::vector<std::unique_ptr<FrameBatch>> batches_;
};

TEST(FrameBuffer, RecordsStayAsTheyWereWhileTheirBatchesLive) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 20; ++round) {
    for (const Framing& framing : framing_cases::all_framings()) {
      BlockPool pool;
      Reader reader(pool, Framer(framing, framing_cases::random_record_limit));
      framing_cases::Stream all;
      for (int part = 0; part < 10; ++part) {
        const auto stream = framing_cases::random_stream(framing, random);
        all.bytes += stream.bytes;
        all.records.insert(all.records.end(), stream.records.begin(), stream.records.end());
      }
      std::size_t from = 0;
      for (const std::size_t to : framing_cases::random_splits(all.bytes.size(), random)) {
        reader.read(std::string_view(all.bytes).substr(from, to - from));
        from = to;
      }
      reader.read(std::string_view(all.bytes).substr(from));
      EXPECT_EQ(reader.records(), all.records);
    }
  }
}

TEST(FrameBuffer, ConnectionsThatTakeTurnsDoNotDisturbEachOther) {
  BlockPool pool;
  std::vector<std::unique_ptr<Reader>> readers;
  std::vector<std::vector<std::string>> expected(3);
  for (int i = 0; i < 3; ++i) {
    readers.push_back(std::make_unique<Reader>(pool, Framer(Newline{}, 1 << 20)));
  }
  std::mt19937_64 random(4);
  for (int round = 0; round < 2'000; ++round) {
    const std::size_t who = random() % 3;
    const std::size_t length = random() % 50 == 0 ? random() % 200'000 : random() % 100;
    const std::string line(length, static_cast<char>('a' + random() % 26));
    const std::size_t middle = random() % (length + 1);
    readers[who]->read(line.substr(0, middle));
    readers[(who + 1) % 3]->read("x\n");
    readers[who]->read(line.substr(middle) + "\n");
    expected[(who + 1) % 3].push_back("x");
    expected[who].push_back(line);
  }
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(readers[i]->records(), expected[i]);
  }
}

TEST(FrameBuffer, ARecordLongerThanManyBlocksArrivesWhole) {
  for (const std::size_t extra : {0, 1, 12345}) {
    BlockPool pool;
    const std::size_t length = 8 * BlockPool::block_bytes + extra;
    Reader reader(pool, Framer(LengthPrefix{}, length));
    std::string record(length, ' ');
    for (std::size_t i = 0; i < length; ++i) {
      record[i] = static_cast<char>(i * 7 % 251);
    }
    const std::string bytes = framing_cases::framed(LengthPrefix{}, record);
    for (int i = 0; i < 3; ++i) {
      reader.read(bytes + framing_cases::framed(LengthPrefix{}, "small"));
    }
    EXPECT_TRUE((reader.records() ==
                 std::vector<std::string>{record, "small", record, "small", record, "small"}));
    EXPECT_EQ(reader.buffer().pending_bytes(), 0U);
  }
}

TEST(FrameBuffer, MemoryFollowsWhatArrivedAndNotTheLengthAPeerClaims) {
  BlockPool pool;
  Reader reader(pool, Framer(LengthPrefix{}, 1 << 30));
  reader.read(framing_cases::length_prefix({}, 1 << 30));
  EXPECT_LE(reader.buffer().prepare().size(), BlockPool::block_bytes);
  reader.buffer().commit(0);
  reader.read(std::string(100'000, 'x'));
  EXPECT_LE(reader.buffer().prepare().size(), BlockPool::block_bytes);
}

TEST(FrameBuffer, TheSameBlockIsUsedAgainWhenItsRecordsAreGone) {
  BlockPool pool;
  Reader reader(pool, Framer(Newline{}, 100));
  const char* const first = reader.buffer().prepare().data();
  reader.buffer().commit(0);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(reader.buffer().prepare().data(), first);
    reader.buffer().commit(0);
    reader.read("first\nsecond\npart of the third");
    reader.read(" line\n");
    reader.forget();
  }
}

TEST(FrameBuffer, RecordsThatAreStillHeldKeepTheirBlockFromBeingUsedAgain) {
  BlockPool pool;
  Reader reader(pool, Framer(FixedSize{1000}, 1000));
  std::vector<std::string> expected;
  for (int i = 0; i < 2'000; ++i) {
    expected.emplace_back(1000, static_cast<char>(i % 128));
    reader.read(expected.back());
  }
  EXPECT_TRUE(reader.records() == expected);
}

TEST(FrameBuffer, AReadThatBringsNothingChangesNothing) {
  BlockPool pool;
  Reader reader(pool, Framer(Newline{}, 1 << 20));
  for (const std::size_t length : {3, 70'000, 400'000}) {
    std::string line(length, 'l');
    for (std::size_t at = 0; at < length; at += 10'000) {
      (void)reader.buffer().prepare();
      reader.buffer().commit(0);
      EXPECT_TRUE(reader.buffer().starved());
      reader.read(std::string_view(line).substr(at, 10'000));
    }
    (void)reader.buffer().prepare();
    reader.buffer().commit(0);
    reader.read("\n");
    ASSERT_EQ(reader.records().size(), 1U);
    EXPECT_TRUE(reader.records()[0] == line);
    reader.forget();
  }
}

TEST(FrameBuffer, TheLastLineMayLackItsEndWhateverItsSize) {
  for (const std::size_t length : {1, 1'000, 70'000, 300'000}) {
    BlockPool pool;
    Reader reader(pool, Framer(Newline{}, 1 << 20));
    reader.read("first\n" + std::string(length, 'z'));
    reader.finish();
    // Later reads of others must not overwrite the record's bytes.
    Reader other(pool, Framer(Newline{}, 1 << 20));
    other.read(std::string(100'000, 'o'));
    EXPECT_TRUE((reader.records() == std::vector<std::string>{"first", std::string(length, 'z')}));
    EXPECT_EQ(reader.buffer().pending_bytes(), 0U);
  }
}

TEST(FrameBuffer, AtMostOneBatchOfRecordsIsCutAtOnce) {
  BlockPool pool;
  FrameBuffer buffer(pool);
  const Framer framer(Newline{}, 100);
  const std::span<char> room = buffer.prepare();
  std::memset(room.data(), '\n', 2 * max_batch_records + 5);
  buffer.commit(2 * max_batch_records + 5);
  std::vector<std::size_t> sizes;
  while (!buffer.starved()) {
    FrameBatch batch;
    buffer.cut(framer, batch);
    EXPECT_EQ(batch.pins.size(), 1U);
    sizes.push_back(batch.size());
  }
  EXPECT_EQ(sizes, (std::vector<std::size_t>{max_batch_records, max_batch_records, 5}));
}

TEST(FrameBuffer, FewerRecordsAreCutWhenFewerAreWanted) {
  BlockPool pool;
  FrameBuffer buffer(pool);
  const Framer framer(Newline{}, 100);
  const std::span<char> room = buffer.prepare();
  std::memset(room.data(), '\n', 8);
  buffer.commit(8);
  std::vector<std::size_t> sizes;
  while (!buffer.starved()) {
    FrameBatch batch;
    buffer.cut(framer, batch, 3);
    sizes.push_back(batch.size());
  }
  EXPECT_EQ(sizes, (std::vector<std::size_t>{3, 3, 2}));
}

}  // namespace
}  // namespace wallaroo::internal
