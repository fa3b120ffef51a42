// A new watermark is sent even without records.
#include <memory>

#include <gtest/gtest.h>

#include "route/mailbox.hpp"

#include "route/record_writer.hpp"

namespace wallaroo::internal {
namespace {

TEST(RecordWriterNews, SendsAnEmptyBatchForAWatermarkThatTheTargetDoesNotKnow) {
  Mailbox mailbox(nullptr, nullptr);
  Outlet outlet({&mailbox}, assign_evenly(1));
  RecordWriter<int, false> writer(outlet);
  outlet.set_watermark({7, false});
  writer.flush(false);
  const BatchPtr batch = mailbox.pop();
  ASSERT_NE(batch, nullptr);
  EXPECT_EQ(batch->size(), 0U);
  EXPECT_EQ(batch->watermark, (Watermark{7, false}));
  writer.flush(true);
  EXPECT_EQ(mailbox.depth(), 0U) << "old news were sent";
}

TEST(RecordWriterNews, WaitUntilTheTargetLooksOrThereIsNothingElseToDo) {
  Mailbox mailbox(nullptr, nullptr);
  Outlet outlet({&mailbox}, assign_evenly(1));
  RecordWriter<int, false> writer(outlet);
  writer.append(0, InputPins{}, 1);
  writer.flush(true);
  outlet.set_watermark({7, false});
  writer.flush(false);
  EXPECT_EQ(mailbox.depth(), 1U);
  writer.flush(true);
  EXPECT_EQ(mailbox.depth(), 2U);
}

}  // namespace
}  // namespace wallaroo::internal
