#include "window/batch_panes.hpp"

#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "record/key.hpp"
#include "window/window.rig.hpp"

namespace wallaroo::internal {
namespace {

using window_rig::List;
using Texts = std::vector<std::string>;

WindowSettings sliding(std::int64_t range_ns, std::int64_t slide_ns) {
  WindowSettings settings;
  settings.range_ns = range_ns;
  settings.slide_ns = slide_ns;
  return settings;
}

struct Rig {
  explicit Rig(const WindowSettings& settings, std::uint64_t hash = 0)
      : panes(settings, hash, List()) {}

  void add(std::int64_t time_ns, int record) {
    if (!panes.at_pane_of(time_ns)) {
      panes.go_to(time_ns);
    }
    panes.add(time_ns, record);
  }
  /// "newest time, number of records: list" of each partial.
  Texts take() {
    Texts texts;
    panes.take([&](Partial<std::string>&& partial) {
      texts.push_back(
          fmt::format("{}, {}: {}", partial.newest_ns, partial.records, partial.accumulator));
    });
    return texts;
  }

  BatchPanes<List> panes;
};

TEST(BatchPanes, HaveTheRecordsOfEachPaneInTheOrderInWhichTheyCame) {
  Rig rig(sliding(10, 10));
  for (const int time : {12, 3, 19, 7, 11, 25}) {
    rig.add(time, time);
  }
  EXPECT_EQ(rig.take(), (Texts{"7, 2: 3 7 ", "19, 3: 12 19 11 ", "25, 1: 25 "}));
}

TEST(BatchPanes, AreForgottenWithTheirBatch) {
  Rig rig(sliding(10, 10));
  rig.add(3, 1);
  rig.take();
  EXPECT_FALSE(rig.panes.at_pane_of(3));
  EXPECT_EQ(rig.take(), Texts{});
  rig.add(4, 2);
  EXPECT_EQ(rig.take(), (Texts{"4, 1: 2 "}));
}

TEST(BatchPanes, AreThePartsThatSlidingWindowsShare) {
  Rig rig(sliding(6, 4));  // parts of 2
  for (const int time : {-1, 0, 1, 2, 5}) {
    rig.add(time, time);
  }
  EXPECT_EQ(rig.take(), (Texts{"-1, 1: -1 ", "1, 2: 0 1 ", "2, 1: 2 ", "5, 1: 5 "}));
}

TEST(BatchPanes, StartWhereWindowsThatAreSpreadByKeyStart) {
  WindowSettings settings = sliding(10, 10);
  settings.spread_by_key = true;
  Rig rig(settings, 3);  // [-7, 3), [3, 13)
  for (const int time : {2, 3, 12, 13}) {
    rig.add(time, time);
  }
  EXPECT_EQ(rig.take(), (Texts{"2, 1: 2 ", "12, 2: 3 12 ", "13, 1: 13 "}));
}

TEST(BatchPanes, KnowWhenTheLastWindowOfATimeIsDue) {
  WindowSettings settings = sliding(6, 4);
  settings.delay_ns = 1;
  const Rig rig(settings);
  EXPECT_EQ(rig.panes.last_due(3), 0 + 6 + 1);
  EXPECT_EQ(rig.panes.last_due(4), 4 + 6 + 1);
}

TEST(BatchPanes, TakeTimesAtTheEndsOfTimeTogether) {
  Rig rig(sliding(10, 10));
  rig.add(std::numeric_limits<std::int64_t>::min(), 1);
  rig.add(std::numeric_limits<std::int64_t>::max() - 1, 2);
  rig.add(std::numeric_limits<std::int64_t>::min() + 5, 3);
  EXPECT_EQ(rig.take().size(), 2U);
}

TEST(BatchPanes, AreFullBeforeRecordsWithoutOrderMoveTooManyPanes) {
  Rig rig(sliding(1, 1));
  int time = 0;
  while (!rig.panes.full()) {
    rig.add(--time, 1);
  }
  EXPECT_EQ(rig.take().size(), static_cast<std::size_t>(-time));
  EXPECT_FALSE(rig.panes.full());
}

struct Picky : List {
  void update(const int& record, std::string& list) const {
    if (record < 0) {
      throw std::runtime_error("negative");
    }
    List::update(record, list);
  }
};

TEST(BatchPanes, DoNotCountARecordThatCannotBeAdded) {
  BatchPanes<Picky> panes(sliding(10, 10), 0, Picky());
  panes.go_to(1);
  EXPECT_THROW(panes.add(1, -1), std::runtime_error);
  panes.take([](const auto&) { ADD_FAILURE() << "no record was counted"; });
  panes.go_to(2);
  panes.add(2, 7);
  EXPECT_THROW(panes.add(3, -1), std::runtime_error);
  panes.take([](const Partial<std::string>& partial) {
    EXPECT_EQ(partial.records, 1U);
    EXPECT_EQ(partial.newest_ns, 2);
    EXPECT_EQ(partial.accumulator, "7 ");
  });
}

}  // namespace
}  // namespace wallaroo::internal
