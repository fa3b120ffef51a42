#include "run/place.hpp"

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include <wallaroo/application.hpp>
#include <wallaroo/sink.hpp>
#include <wallaroo/source.hpp>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "plan/plan.hpp"
#include "run/run.hpp"

namespace wallaroo::internal {
namespace {

const Members two_workers{{{"A", 2}, {"B", 1}}, {}};

TEST(Place, HasTheExecutorsOfItsWorker) {
  const Place b(two_workers, 1);
  EXPECT_EQ(b.count(), 1);
  EXPECT_TRUE(b.has(2));
  EXPECT_FALSE(b.has(1));
  EXPECT_FALSE(b.has(3));
  EXPECT_EQ(b.index(2), 0U);
  EXPECT_THROW(b.index(1), std::logic_error);
  EXPECT_EQ(std::vector<int>(b.executors().begin(), b.executors().end()), std::vector<int>{2});
  EXPECT_EQ(Place(two_workers, 0).count(), 2);
  EXPECT_THROW(Place(two_workers, 2), std::logic_error);
}

/// Runs one worker's share on this thread.
void run_one(const Application& app, std::size_t member) {
  const ManualClock clock(0);
  const Log log;
  RunOptions options;
  options.application = app.name();
  options.member = member;
  internal::Run run(std::make_shared<Plan>(app.graph(), two_workers), options, clock, log);
  run.open();
  run.start_inline();
  run.run_inline();
}

// A generator is read by the first executor of all.
TEST(Place, EachWorkerRunsItsShareOfAPlan) {
  std::vector<std::uint64_t> seen;
  Application app("shared");
  app.source("make", generator_source({.count = 3}, [](std::uint64_t index) { return index; }))
      .to_sink("seen",
               concurrent_callback_sink([&](std::uint64_t index) { seen.push_back(index); }));
  run_one(app, 1);
  EXPECT_TRUE(seen.empty());
  run_one(app, 0);
  EXPECT_EQ(seen, (std::vector<std::uint64_t>{0, 1, 2}));
}

TEST(Place, AnEdgeToAnotherWorkerIsRefused) {
  Application app("gathered");
  app.source("make", generator_source({.count = 3}, [](std::uint64_t index) { return index; }))
      .to_sink("seen", callback_sink([](std::uint64_t) {}));
  EXPECT_THROW(run_one(app, 0), std::logic_error);
  EXPECT_THROW(run_one(app, 1), std::logic_error);
}

}  // namespace
}  // namespace wallaroo::internal
