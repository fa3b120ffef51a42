// Checkpoints that older builds wrote (old_checkpoints/README.md), restored by the build of today
// into the application as it was, and into versions of it that have changed.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "old_checkpoints/orders.hpp"

namespace golden::old_checkpoints {

struct LargestTotal {
  std::int64_t orders = 0;
  std::int64_t cents = 0;
  std::int64_t largest = -1;  // appended
};
struct MigratedTotal {
  double cents = 0;
  std::int32_t orders = 0;
};
struct ReorderedTotal {
  double cents = 0;
  std::int32_t orders = 0;
};

}  // namespace golden::old_checkpoints

template <>
struct wallaroo::Migration<golden::old_checkpoints::MigratedTotal> {
  static constexpr std::uint32_t version = 2;
  using Previous = golden::old_checkpoints::FirstTotal;
  static golden::old_checkpoints::MigratedTotal migrate(Previous old) {
    return {static_cast<double>(old.cents), static_cast<std::int32_t>(old.orders)};
  }
};

namespace golden::old_checkpoints {
namespace {

using wallaroo::testing::Checkpoint;
using wallaroo::testing::Harness;
using wallaroo::testing::HarnessOptions;
using Lines = std::vector<std::string>;

const std::vector<Order> next_orders = {
    {"ann", 14, 5}, {"bob", 21, 7}, {"eve", 30, 1}, {"zoe", 31, 2}, {"ann", 45, 9}};

class OldCheckpoints : public testing::TestWithParam<std::string> {
 protected:
  HarnessOptions restored() const {
    HarnessOptions options;
    options.restore = Checkpoint(directory());
    return options;
  }
  static std::string directory() {
    return (std::filesystem::path(WALLAROO_OLD_CHECKPOINTS) / GetParam()).string();
  }
  /// The reason why it is not restored.
  template <class Total>
  std::string refusal(const Version& version) const {
    Orders<Total> orders(version);
    try {
      Harness harness(orders.app, restored());
    } catch (const wallaroo::Error& error) {
      return error.what();
    }
    return {};
  }
};

/// Sorted by key, because timers that are due together fire in any order.
template <class Seen>
Seen sorted(Seen seen) {
  for (auto& [stage, lines] : seen) {
    std::sort(lines.begin(), lines.end());
  }
  return seen;
}

TEST_P(OldCheckpoints, GoOnAsIfNothingHadHappened) {
  Orders<> undisturbed({});
  Harness straight(undisturbed.app);
  undisturbed.give(straight, first_orders);
  for (const int executors : {1, 3}) {
    Orders<> orders({});
    HarnessOptions options = restored();
    options.executors = executors;
    Harness harness(orders.app, options);
    if (executors == 1) {
      EXPECT_EQ(sorted(orders.give(harness, next_orders)),
                sorted(undisturbed.give(straight, next_orders)));
      harness.advance(std::chrono::minutes(2));
      straight.advance(std::chrono::minutes(2));
      EXPECT_EQ(sorted(orders.take()), sorted(undisturbed.take()));
      harness.end();
      straight.end();
      EXPECT_EQ(sorted(orders.take()), sorted(undisturbed.take()));
    } else {
      EXPECT_EQ(orders.give(harness, {{"bob", 14, 5}})["totals"], (Lines{"bob: 3 for 275"}));
    }
  }
}

TEST_P(OldCheckpoints, AppendedFieldsHaveTheirDefaults) {
  Orders<LargestTotal> orders({});
  HarnessOptions options = restored();
  {
    Harness harness(orders.app, options);
    EXPECT_EQ(orders.give(harness, {{"ann", 14, 5}})["totals"],
              (Lines{"ann: 3 for 155, at most 5"}));
    options.restore = harness.checkpoint();
  }
  Harness again(orders.app, options);
  EXPECT_EQ(orders.give(again, {{"ann", 15, 4}, {"eve", 15, 1}})["totals"],
            (Lines{"ann: 4 for 159, at most 5", "eve: 2 for 1001, at most 1"}));
}

TEST_P(OldCheckpoints, AMigrationMakesTheNewValuesOfTheOldOnes) {
  Orders<MigratedTotal> orders({});
  HarnessOptions options = restored();
  {
    Harness harness(orders.app, options);
    EXPECT_EQ(orders.give(harness, {{"ann", 14, 5}})["totals"], (Lines{"ann: 3 for 155"}));
    options.restore = harness.checkpoint();
  }
  Harness again(orders.app, options);
  EXPECT_EQ(orders.give(again, {{"ann", 15, 4}, {"eve", 15, 1}})["totals"],
            (Lines{"ann: 4 for 159", "eve: 2 for 1001"}));
}

TEST_P(OldCheckpoints, AChangedTypeWithoutAMigrationIsRefused) {
  const std::string why = refusal<ReorderedTotal>({});
  EXPECT_EQ(why.find("stage 'totals': its state in checkpoint "), 0U) << why;
  EXPECT_NE(why.find(" cannot be restored: "), std::string::npos) << why;
  EXPECT_NE(why.find("wallaroo::Migration"), std::string::npos) << why;
}

TEST_P(OldCheckpoints, AStageThatIsGoneIsRefusedUnlessItsStateMayBeDropped) {
  Version version;
  version.retired_stage = false;
  const std::string why = refusal<FirstTotal>(version);
  EXPECT_NE(why.find("stage 'retired' (state) is not in the application: its state is "
                     "dropped; bring it back, or pass --allow-dropped-state"),
            std::string::npos)
      << why;
  Orders<> orders(version);
  HarnessOptions options = restored();
  options.allow_dropped_state = true;
  {
    Harness harness(orders.app, options);
    EXPECT_EQ(orders.give(harness, {{"ann", 14, 5}})["totals"], (Lines{"ann: 3 for 155"}));
    options.restore = harness.checkpoint();
  }
  // A stage that comes back in a later version begins anew.
  Orders<> with_it({});
  Harness harness(with_it.app, options);
  auto seen = with_it.give(harness, {{"ann", 15, 4}});
  EXPECT_EQ(seen["totals"], (Lines{"ann: 4 for 159"}));
  EXPECT_EQ(seen["retired"], (Lines{"ann retired 1"}));
}

TEST_P(OldCheckpoints, ANewStageBeginsEmpty) {
  Version version;
  version.new_stage = true;
  Orders<> orders(version);
  Harness harness(orders.app, restored());
  auto seen = orders.give(harness, {{"ann", 14, 5}});
  EXPECT_EQ(seen["totals"], (Lines{"ann: 3 for 155"}));
  EXPECT_EQ(seen["new"], (Lines{"ann: 1 for 5"}));
}

TEST_P(OldCheckpoints, AKeyOfAnotherTypeIsRefused) {
  Version version;
  version.changed_key = true;
  const std::string why = refusal<FirstTotal>(version);
  EXPECT_EQ(why.find("stage 'totals': its state in checkpoint "), 0U) << why;
  EXPECT_NE(why.find("cannot be restored: the type of its keys was string and is i64 now"),
            std::string::npos)
      << why;
}

TEST_P(OldCheckpoints, WindowsThatAreCutOtherwiseAreRefused) {
  Version version;
  version.sessions_gap = 7s;
  const std::string why = refusal<FirstTotal>(version);
  EXPECT_EQ(why.find("stage 'sessions': its state in checkpoint "), 0U) << why;
  EXPECT_NE(why.find("cannot be restored: its windows had other settings"), std::string::npos)
      << why;
}

TEST_P(OldCheckpoints, OfAnotherApplicationAreRefused) {
  Version version;
  version.application = "payments";
  const std::string why = refusal<FirstTotal>(version);
  EXPECT_NE(why.find("it is of the application 'orders', this one is 'payments'"),
            std::string::npos)
      << why;
}

TEST_P(OldCheckpoints, AnEngineGoesOnFromThemToo) {
  const Checkpoint copy(directory());
  const std::string kept =
      (std::filesystem::path(testing::TempDir()) / ("orders " + GetParam())).string();
  std::filesystem::remove_all(kept);
  std::filesystem::copy(copy.directory(), kept, std::filesystem::copy_options::recursive);
  wallaroo::EngineOptions options;
  options.threads = 1;
  options.checkpoints.directory = kept;
  Orders<LargestTotal> orders({});
  const auto run = [&](const Order& order) {
    orders.input.push(order);
    wallaroo::Engine engine(orders.app, options);
    engine.start();
    engine.stop();  // the pushed records are delivered, and are in the last checkpoint
    const wallaroo::Outcome outcome = engine.wait();
    EXPECT_TRUE(outcome.ok) << outcome.error;
    return orders.take()["totals"];
  };
  EXPECT_EQ(run({"ann", 14, 5}), (Lines{"ann: 3 for 155, at most 5"}));
  EXPECT_EQ(run({"ann", 15, 4}), (Lines{"ann: 4 for 159, at most 5"}));
  EXPECT_EQ(run({"bob", 15, 1}), (Lines{"bob: 3 for 271, at most 1"}));
  std::filesystem::remove_all(kept);
}

std::vector<std::string> formats() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(WALLAROO_OLD_CHECKPOINTS)) {
    if (entry.is_directory()) {
      names.push_back(entry.path().filename().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Formats, OldCheckpoints, testing::ValuesIn(formats()),
                         [](const auto& format) {
                           std::string name = format.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(CopiesOfCheckpoints, AreRefusedWhereThereIsNone) {
  const std::string empty = (std::filesystem::path(testing::TempDir()) / "nothing here").string();
  EXPECT_THROW(Checkpoint{empty}, wallaroo::IoError);
  std::filesystem::create_directories(empty);
  EXPECT_THROW(Checkpoint{empty}, wallaroo::IoError);
  std::filesystem::remove_all(empty);
}

}  // namespace
}  // namespace golden::old_checkpoints
