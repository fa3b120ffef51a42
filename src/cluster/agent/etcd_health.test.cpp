#include "cluster/agent/etcd_health.hpp"

#include <string>
#include <variant>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace wallaroo::internal::cluster {
namespace {

constexpr std::int64_t second = 1'000'000'000;

const NoAnswer silence{NoAnswer::Because::silence, "silence"};
const NoAnswer refusal{NoAnswer::Because::refusal, "no leader"};
const NoAnswer password{NoAnswer::Because::credentials, "password"};

std::string text_of(const health::Back& d) { return fmt::format("Back {}", d.away_ns / second); }
std::string text_of(const health::Away& d) {
  return fmt::format("Away {} ({})", d.away_ns / second, d.reason);
}
std::string text_of(const health::GiveUp& d) {
  return fmt::format("GiveUp ({}){}", d.reason, d.credentials ? " of the user" : "");
}
std::string text_of(const HealthDecisions& decisions) {
  std::string text;
  for (const HealthDecision& decision : decisions) {
    text += std::visit([](const auto& d) { return text_of(d); }, decision);
  }
  return text;
}

TEST(EtcdHealth, GivesUpWhenItNeverReachesEtcd) {
  EtcdHealth health(5 * second);
  EXPECT_EQ(text_of(health.on_no_answer(silence, 5 * second)), "");
  EXPECT_EQ(text_of(health.on_no_answer(silence, 6 * second)), "Away 1 (silence)");
  EXPECT_EQ(text_of(health.on_no_answer(silence, 34 * second)), "");
  EXPECT_FALSE(health.up() || health.reached());
  EXPECT_EQ(text_of(health.on_no_answer(refusal, 35 * second)), "GiveUp (no leader)");
  EXPECT_EQ(text_of(health.on_no_answer(refusal, 99 * second)), "");
}

TEST(EtcdHealth, GivesUpAtOnceWhenEtcdDoesNotTakeTheUser) {
  EtcdHealth health(0);
  EXPECT_EQ(text_of(health.on_no_answer(silence, 0)), "");
  EXPECT_EQ(text_of(health.on_no_answer(password, second / 2)), "GiveUp (password) of the user");
}

TEST(EtcdHealth, NeverGivesUpAnEtcdThatItHasReached) {
  EtcdHealth health(0);
  EXPECT_EQ(text_of(health.on_answer(second)), "");
  EXPECT_TRUE(health.up() && health.reached());
  EXPECT_EQ(text_of(health.on_no_answer(password, 10 * second)), "");
  EXPECT_TRUE(health.up()) << "for a second";
  EXPECT_EQ(text_of(health.on_no_answer(password, 11 * second)), "Away 1 (password)");
  EXPECT_FALSE(health.up());
  EXPECT_EQ(text_of(health.on_no_answer(silence, 40 * second)), "");
  EXPECT_EQ(text_of(health.on_no_answer(silence, 41 * second)), "Away 31 (silence)");
  EXPECT_EQ(text_of(health.on_no_answer(silence, 500 * second)), "Away 490 (silence)");
  EXPECT_EQ(text_of(health.on_answer(510 * second)), "Back 500");
  EXPECT_TRUE(health.up());
}

TEST(EtcdHealth, ALostAnswerNowAndThenIsNoNews) {
  EtcdHealth health(0);
  for (std::int64_t now = 1; now != 100; ++now) {
    EXPECT_EQ(text_of(health.on_answer(now * second)), "");
    EXPECT_EQ(text_of(health.on_no_answer(silence, now * second + 1)), "");
  }
}

}  // namespace
}  // namespace wallaroo::internal::cluster
