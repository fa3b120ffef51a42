#include "window/gathered.hpp"

#include <gtest/gtest.h>

#include "record/wire.hpp"

namespace wallaroo::internal {
namespace {

using Slot = Timed<Gathered<std::string_view, std::int64_t>>;

struct Block final : Pinned {
  std::string bytes;
};

TEST(Gathered, CrossesToAnotherProcess) {
  const auto codec = wire_codec<Slot>();
  RecordBatch<Slot> batch;
  batch.emplace(Slot{1, {"record"}});
  batch.emplace(Slot{2, {Partial<std::int64_t>{3, 4, 5}}});
  batch.emplace(Slot{6,
                     {FailedUpdate<std::string_view>{
                         "bad", std::make_exception_ptr(std::invalid_argument("not a number"))}}});
  StoredWriter out;
  codec->encode(batch, out);
  auto* const block = new Block;
  block->bytes = out.bytes();
  RecordBatch<Slot> arrived;
  codec->decode({block->bytes, 3, PinnedRef(block)}, arrived);
  const Slot* const slot = arrived.begin();
  EXPECT_EQ(slot[0].time_ns, 1);
  EXPECT_EQ(slot[0].slot.record(), "record");
  ASSERT_NE(slot[1].slot.partial(), nullptr);
  EXPECT_EQ(slot[1].slot.partial()->newest_ns, 3);
  EXPECT_EQ(slot[1].slot.partial()->records, 4U);
  EXPECT_EQ(slot[1].slot.partial()->accumulator, 5);
  const auto& failed = std::get<2>(slot[2].slot.what);
  EXPECT_EQ(failed.record, "bad");
  EXPECT_EQ(message_of(failed.error), "not a number");
}

}  // namespace
}  // namespace wallaroo::internal
