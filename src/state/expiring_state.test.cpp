#include "state/expiring_state.hpp"

#include <limits>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "state/property.rig.hpp"

namespace wallaroo::internal {
namespace {

using property_rig::expect_property;

struct Total {
  int count = 40;
};

int use(ExpiringState<int, Total>& states, int key, std::int64_t time_ns) {
  return ++states.find_or_create(hash_key(key), key, time_ns).count;
}

TEST(ExpiringState, AStateIsForgottenTheDurationAfterItsLastUse) {
  ExpiringState<int, Total> states(100);
  EXPECT_EQ(use(states, 1, 1000), 41);
  EXPECT_EQ(use(states, 1, 1050), 42);
  states.on_time(1149);
  EXPECT_FALSE(states.expire_due(10));
  EXPECT_EQ(use(states, 1, 1050), 43);
  states.on_time(1150);
  EXPECT_EQ(use(states, 1, 1150), 41);
  EXPECT_EQ(states.expired(), 1u);
}

TEST(ExpiringState, AnEarlierUseDoesNotShortenItsLife) {
  ExpiringState<int, Total> states(100);
  use(states, 1, 1000);
  use(states, 1, 950);
  states.on_time(1060);
  EXPECT_EQ(use(states, 1, 1060), 43);
}

// key_by refuses NaN, but a user's == and std::hash may be wrong in other ways.
TEST(ExpiringState, AKeyThatIsNotFoundAgainDoesNoHarm) {
  ExpiringState<double, Total> states(100);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(++states.find_or_create(hash_key(nan), nan, 1000).count, 41);
  EXPECT_EQ(++states.find_or_create(hash_key(nan), nan, 1000).count, 41);
  EXPECT_EQ(++states.find_or_create(hash_key(0.5), 0.5, 1000).count, 41);
  states.on_time(2000);
  EXPECT_FALSE(states.expire_due(10));
  EXPECT_EQ(states.expired(), 1u);
}

TEST(ExpiringState, MemoryIsGivenBackInSlices) {
  ExpiringState<int, Total> states(100);
  for (int key = 0; key < 5; ++key) {
    use(states, key, 1000);
  }
  states.on_time(1110);
  EXPECT_TRUE(states.expire_due(2));
  EXPECT_EQ(states.size(), 3u);
  EXPECT_TRUE(states.expire_due(2));
  EXPECT_FALSE(states.expire_due(2));
  EXPECT_EQ(states.size(), 0u);
  EXPECT_EQ(states.expired(), 5u);
  EXPECT_EQ(states.next_due_ns(), end_of_time);
}

TEST(ExpiringState, AKeyThatIsUsedOftenIsLookedAtOncePerDuration) {
  ExpiringState<int, Total> states(1000);
  int looked = 0;
  for (std::int64_t now = 0; now < 10'000; ++now) {
    use(states, 1, now);
    states.on_time(now);
    while (states.expire_due(0)) {
      states.expire_due(1);
      ++looked;
    }
  }
  EXPECT_EQ(use(states, 1, 10'000), 40 + 10'001);
  EXPECT_LE(looked, 10);
  EXPECT_GE(looked, 8);
}

TEST(ExpiringState, KeysMayBeViewsAndStatesMovableOnly) {
  ExpiringState<std::string_view, std::unique_ptr<int>> states(100);
  std::string bytes = "a key of more than sixteen bytes";
  const std::string copy = bytes;
  states.find_or_create(hash_key(std::string_view(bytes)), bytes, 5) = std::make_unique<int>(7);
  bytes.assign(bytes.size(), '?');
  EXPECT_EQ(*states.find_or_create(hash_key(std::string_view(copy)), copy, 5), 7);
  states.on_time(end_of_time);
  EXPECT_FALSE(states.expire_due(10));
  EXPECT_EQ(states.size(), 0u);
}

// The definition, without a queue. A use returns how often the state was used since it began.
struct PlainStates {
  std::int64_t duration;
  std::int64_t now = no_time;
  std::map<int, std::pair<int, std::int64_t>> states = {};
  std::uint64_t expired = 0;

  void forget_expired() {
    expired += std::erase_if(
        states, [&](const auto& each) { return each.second.second + duration <= now; });
  }
  int use(int key, std::int64_t time) {
    forget_expired();
    auto& [count, last] = states.try_emplace(key, 40, time).first->second;
    last = std::max(last, time);
    return ++count;
  }
};

TEST(ExpiringState, UsesFindWhatAPlainTableWouldHoweverMemoryIsGivenBack) {
  expect_property("expiring state", 3000, [] {
    const std::int64_t duration = *rc::gen::element(1, 2, 10, 30, 200);
    PlainStates plain{duration};
    ExpiringState<int, Total> states(duration);
    std::int64_t time = *rc::gen::element(-1000, -20, 0, 100'000);
    const auto steps = *rc::gen::container<std::vector<std::tuple<int, int, int>>>(
        rc::gen::tuple(rc::gen::inRange(0, 6), rc::gen::inRange(0, 3), rc::gen::inRange(0, 12)));
    for (const auto& [kind, key, offset] : steps) {
      if (kind < 3) {
        RC_ASSERT(use(states, key, time - 5 + offset) == plain.use(key, time - 5 + offset));
      } else if (kind < 5) {
        time += offset * (kind == 3 ? 1 : 10);
        states.on_time(time);
        plain.now = time;
      } else {
        states.expire_due(static_cast<std::size_t>(offset) / 4);
      }
    }
    while (states.expire_due(2)) {
    }
    plain.forget_expired();
    RC_ASSERT(states.size() >= plain.states.size());
    states.on_time(time + duration / 64 + 1);
    plain.now = time + duration / 64 + 1;
    while (states.expire_due(2)) {
    }
    RC_ASSERT(states.expired() >= plain.expired);
    plain.forget_expired();
    RC_ASSERT(states.expired() <= plain.expired);
    states.on_time(end_of_time);
    while (states.expire_due(2)) {
    }
    RC_ASSERT(states.size() == 0u);
    RC_ASSERT(states.expired() == plain.expired + plain.states.size());
  });
}

}  // namespace
}  // namespace wallaroo::internal
