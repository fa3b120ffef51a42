#include "app/run_orders.hpp"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include <wallaroo/types/error.hpp>

#include "checkpoint/store/store.rig.hpp"

namespace wallaroo::internal {
namespace {

class OwnOrdersTest : public testing::Test {
 protected:
  OwnOrders orders(std::optional<std::uint64_t> number = {}, bool told_to_end = false) {
    return OwnOrders({&store, {"word_count", number}, &log, [told_to_end] { return told_to_end; }});
  }

  StoreDirectory directory;
  CheckpointStore store{directory.path(), CheckpointStore::Access::write};
  std::string told;
  Log log{LogLevel::info, [this](LogLevel, std::string_view line) { told += line; }};
};

TEST_F(OwnOrdersTest, TheFirstRunBeginsWithTheCheckpointThatIsWanted) {
  EXPECT_FALSE(orders().first().restored.has_value());
  write_rig_checkpoint(store, "first");
  write_rig_checkpoint(store, "second");
  EXPECT_EQ(orders().first().restored->number, 2U);
  EXPECT_EQ(orders(1).first().restored->number, 1U);
  EXPECT_NE(told.find("restores checkpoint 1 in " + directory.path().string()), std::string::npos)
      << told;
  EXPECT_THROW(orders(3).first(), ConfigError);
}

TEST_F(OwnOrdersTest, EveryOtherRunBeginsWithTheNewest) {
  OwnOrders own = orders(1);
  EXPECT_FALSE(own.next({"a sink was lost", {}}).restored.has_value());
  EXPECT_EQ(told, "a sink was lost; goes back to the beginning");
  write_rig_checkpoint(store, "first");
  write_rig_checkpoint(store, "second");
  for (int attempt = 0; attempt < 2; ++attempt) {
    CheckpointWriter writer = store.begin(store.next_number());
    writer.durable();
  }
  told.clear();
  EXPECT_EQ(own.next({"a sink was lost", {}}).restored->number, 2U);
  EXPECT_EQ(told, "a sink was lost; goes back to checkpoint 2");
  EXPECT_FALSE(std::filesystem::exists(store.layout().data_file(3)));
  EXPECT_TRUE(std::filesystem::exists(store.layout().data_file(4))) << "its number stays taken";
}

TEST_F(OwnOrdersTest, ARunWaitsTheLongerTheMoreFailedUnlessItIsToldToEnd) {
  const auto waited_ms = [&](std::uint64_t failures, bool told_to_end) {
    const auto began = std::chrono::steady_clock::now();
    orders({}, told_to_end).next({"a sink was lost", {failures, 0}});
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                 began)
        .count();
  };
  EXPECT_GE(waited_ms(4, false), 200);
  EXPECT_LT(waited_ms(1'000'000, true), 3'000) << "5 s without an order to end";
}

}  // namespace
}  // namespace wallaroo::internal
