#include "io/resolver.hpp"

#include <thread>

#include <gtest/gtest.h>

#include <wallaroo/types/error.hpp>

#include "io/open_file_limit.hpp"

namespace wallaroo::internal {
namespace {

using namespace std::chrono_literals;

TEST(Resolver, ANumericAddressIsKnownInTheNextPoll) {
  ManualClock clock;
  EventLoop loop(clock);
  std::optional<Resolved> resolved;
  const Resolution lookup({"127.0.0.1", 80}, loop,
                          [&](Resolved found) { resolved = std::move(found); });
  EXPECT_FALSE(resolved);
  loop.poll(0ns);
  ASSERT_TRUE(resolved);
  ASSERT_EQ(resolved->addresses.size(), 1U);
  EXPECT_EQ(resolved->addresses[0].to_string(), "127.0.0.1:80");
}

TEST(Resolver, ANameIsLookedUpOnAnotherThreadAndReportedByTheLoop) {
  ManualClock clock;
  EventLoop loop(clock);
  std::optional<Resolved> resolved;
  const auto asker = std::this_thread::get_id();
  const Resolution lookup({"localhost", 80}, loop, [&](Resolved found) {
    EXPECT_EQ(std::this_thread::get_id(), asker);
    resolved = std::move(found);
  });
  while (!resolved) {
    loop.poll(std::nullopt);
  }
  EXPECT_FALSE(resolved->addresses.empty()) << resolved->error;
}

TEST(Resolver, AnUnknownNameIsAnErrorThatNamesIt) {
  ManualClock clock;
  EventLoop loop(clock);
  std::optional<Resolved> resolved;
  const Resolution lookup({"no-such-host.invalid", 80}, loop,
                          [&](Resolved found) { resolved = std::move(found); });
  while (!resolved) {
    loop.poll(std::nullopt);
  }
  EXPECT_TRUE(resolved->addresses.empty());
  EXPECT_TRUE(resolved->error.starts_with("cannot find the host 'no-such-host.invalid': "))
      << resolved->error;
  EXPECT_THROW(resolve_now({"no-such-host.invalid", 80}), IoError);
}

TEST(Resolver, ACancelledLookupNeverCallsBackEvenWhenItsLoopIsGone) {
  ManualClock clock;
  for (const char* host : {"localhost", "127.0.0.1"}) {
    for (int i = 0; i < 50; ++i) {
      EventLoop loop(clock);
      {
        Resolution lookup({host, 80}, loop, [](Resolved) { FAIL(); });
        Resolution moved = std::move(lookup);
      }
      loop.poll(0ns);
    }
  }
}

TEST(Resolver, ANewLookupReplacesTheOldOne) {
  ManualClock clock;
  EventLoop loop(clock);
  int calls = 0;
  Resolution lookup({"127.0.0.1", 1}, loop, [](Resolved) { FAIL(); });
  lookup = Resolution({"127.0.0.1", 2}, loop, [&](Resolved) { ++calls; });
  loop.poll(0ns);
  EXPECT_EQ(calls, 1);
}

TEST(Resolver, ACallbackMayEndItsOwnLookup) {
  ManualClock clock;
  EventLoop loop(clock);
  int calls = 0;
  auto lookup = std::make_unique<Resolution>();
  *lookup = Resolution({"127.0.0.1", 2}, loop, [&](Resolved) {
    ++calls;
    lookup.reset();
  });
  loop.poll(0ns);
  EXPECT_EQ(calls, 1);
}

TEST(OpenFileLimit, IsTheHardLimitAfterwards) {
  const std::size_t limit = raise_open_file_limit();
  EXPECT_GT(limit, 0U);
  EXPECT_EQ(raise_open_file_limit(), limit);
}

}  // namespace
}  // namespace wallaroo::internal
