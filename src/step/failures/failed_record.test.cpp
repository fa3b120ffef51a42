#include "step/failures/failed_record.hpp"

#include <gtest/gtest.h>

#include "record/wire.hpp"

namespace wallaroo::internal {
namespace {

CarriedLetter sent(CarriedLetter letter) {
  const auto codec = wire_codec<CarriedLetter>();
  RecordBatch<CarriedLetter> batch;
  batch.emplace(std::move(letter));
  StoredWriter out;
  codec->encode(batch, out);
  RecordBatch<CarriedLetter> arrived;
  codec->decode({out.bytes(), 1, nullptr}, arrived);
  return std::move(*arrived.begin());
}

TEST(CarriedLetter, CrossesToAnotherProcessWithTheTextOfItsError) {
  const CarriedLetter letter =
      sent({{"stage", "why", "record", "file:3"},
            true,
            5,
            std::make_exception_ptr(std::invalid_argument("not a number"))});
  EXPECT_EQ(letter.letter.stage, "stage");
  EXPECT_EQ(letter.letter.error, "why");
  EXPECT_EQ(letter.letter.record, "record");
  EXPECT_EQ(letter.letter.origin, "file:3");
  EXPECT_TRUE(letter.raw);
  EXPECT_FALSE(letter.object.has_value());
  EXPECT_EQ(message_of(letter.error), "not a number");
}

TEST(CarriedLetter, CrossesWithoutAnError) {
  const CarriedLetter letter = sent({{"stage", "why", "record", ""}, false, {}, nullptr});
  EXPECT_EQ(letter.letter.error, "why");
  EXPECT_FALSE(letter.raw);
  EXPECT_EQ(letter.error, nullptr);
}

}  // namespace
}  // namespace wallaroo::internal
