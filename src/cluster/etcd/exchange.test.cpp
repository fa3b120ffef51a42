#include "cluster/etcd/exchange.hpp"

#include <string>
#include <variant>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace wallaroo::internal::cluster {
namespace {

constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t second = 1000 * ms;

std::string text_of(const exchange::Dial& d) { return fmt::format("Dial {}", d.endpoint); }
std::string text_of(const exchange::Send& d) { return fmt::format("Send {}", d.call); }
std::string text_of(const exchange::Close&) { return "Close"; }
std::string text_of(const exchange::Fail& d) {
  return fmt::format("Fail {}: {}", d.call, d.reason);
}

std::string text_of(const ExchangeDecisions& decisions) {
  std::string text;
  for (const ExchangeDecision& decision : decisions) {
    text += text.empty() ? "" : "; ";
    text += std::visit([](const auto& d) { return text_of(d); }, decision);
  }
  return text;
}

Exchange with_endpoints(std::size_t count) {
  ExchangeConfig config;
  for (std::size_t i = 0; i != count; ++i) {
    config.endpoints.push_back(fmt::format("h{}:1", i));
  }
  return Exchange(config);
}

/// Asks call 1 over a connection to endpoint 0.
Exchange calling(std::size_t count) {
  Exchange machine = with_endpoints(count);
  EXPECT_EQ(text_of(machine.call(1, second, 0)), "Dial 0");
  EXPECT_EQ(text_of(machine.on_connected(0)), "Send 1");
  return machine;
}

TEST(Exchange, SendsCallsOneAfterTheOtherOverOneConnection) {
  Exchange machine = calling(1);
  EXPECT_EQ(text_of(machine.call(2, second, 5)), "");
  EXPECT_EQ(text_of(machine.on_answered(true, 10)), "Send 2");
  EXPECT_EQ(text_of(machine.on_answered(true, 20)), "");
  EXPECT_EQ(machine.state(), Exchange::State::ready);
  EXPECT_EQ(machine.next_wakeup_ns(), end_of_time);
  EXPECT_EQ(text_of(machine.call(3, second, 30)), "Send 3");
  EXPECT_EQ(machine.next_wakeup_ns(), second + 30);
}

TEST(Exchange, DialsAgainWhenTheServerDoesNotKeepTheConnection) {
  Exchange machine = calling(2);
  EXPECT_EQ(text_of(machine.call(2, second, 5)), "");
  EXPECT_EQ(text_of(machine.on_answered(false, 10)), "Close; Dial 0");
  EXPECT_EQ(text_of(machine.on_connected(10)), "Send 2");
  EXPECT_EQ(text_of(machine.on_answered(true, 10)), "");
  EXPECT_EQ(text_of(machine.on_broken("closed", 20)), "Close");
  EXPECT_EQ(machine.state(), Exchange::State::resting);
  EXPECT_EQ(text_of(machine.call(3, second, 30)), "Dial 0");
}

TEST(Exchange, TriesEndpointsInTurnAndRestsAfterARound) {
  Exchange machine = with_endpoints(2);
  EXPECT_EQ(text_of(machine.call(1, second, 0)), "Dial 0");
  EXPECT_EQ(text_of(machine.call(2, second, 0)), "");
  EXPECT_EQ(text_of(machine.on_broken("refused", 0)), "Close; Dial 1");
  EXPECT_EQ(machine.next_wakeup_ns(), 250 * ms);
  EXPECT_EQ(text_of(machine.on_time(250 * ms - 1)), "");
  EXPECT_EQ(text_of(machine.on_time(250 * ms)),
            "Close; Fail 1: cannot connect to etcd at h1:1 within 250 ms; "
            "Fail 2: cannot connect to etcd at h1:1 within 250 ms");
  EXPECT_EQ(machine.next_wakeup_ns(), end_of_time) << "nobody asks";
  EXPECT_EQ(text_of(machine.call(3, second, 260 * ms)), "") << "the pause of 50 ms";
  EXPECT_EQ(machine.next_wakeup_ns(), 300 * ms);
  EXPECT_EQ(text_of(machine.on_time(300 * ms)), "Dial 0");
}

TEST(Exchange, PausesGrowToASecondAndShrinkWithAnAnswer) {
  Exchange machine = with_endpoints(1);
  std::int64_t now = 0;
  for (const std::int64_t pause : {50, 100, 200, 400, 800, 1000, 1000}) {
    machine.call(1, second, now);
    machine.on_time(now);
    EXPECT_EQ(text_of(machine.on_broken("refused", now)),
              "Close; Fail 1: cannot connect to etcd at h0:1: refused");
    machine.call(2, second, now);
    EXPECT_EQ(machine.next_wakeup_ns(), now + pause * ms);
    machine.cancel(2, now);
    now += pause * ms;
  }
  EXPECT_EQ(text_of(machine.call(3, second, now)), "Dial 0");
  EXPECT_EQ(text_of(machine.on_connected(now)), "Send 3");
  machine.on_answered(true, now);
  machine.call(4, second, now);
  EXPECT_EQ(text_of(machine.on_broken("reset", now)),
            "Close; Fail 4: etcd at h0:1 does not answer: reset");
  machine.call(5, second, now);
  EXPECT_EQ(machine.next_wakeup_ns(), now + 50 * ms);
}

TEST(Exchange, GivesUpAConnectionThatDoesNotAnswer) {
  Exchange machine = calling(2);
  EXPECT_EQ(text_of(machine.call(2, second, 0)), "");
  EXPECT_EQ(text_of(machine.on_time(second)),
            "Close; Fail 1: etcd at h0:1 does not answer within 1000 ms; Dial 1");
  EXPECT_EQ(text_of(machine.on_connected(second)), "Send 2");
  EXPECT_EQ(text_of(machine.on_answered(true, second)), "");
  EXPECT_EQ(text_of(machine.call(3, second, second)), "Send 3") << "and stays at the one that does";
}

TEST(Exchange, AnAnswerWithoutEndHasNoLimit) {
  Exchange machine = calling(1);
  EXPECT_EQ(text_of(machine.on_part()), "");
  EXPECT_EQ(machine.next_wakeup_ns(), end_of_time);
  EXPECT_EQ(text_of(machine.on_broken("reset", 5 * second)),
            "Close; Fail 1: etcd at h0:1 does not answer: reset");
}

TEST(Exchange, ACanceledCallIsNotHeardOf) {
  Exchange machine = calling(1);
  machine.call(2, second, 0);
  machine.call(3, second, 0);
  EXPECT_EQ(text_of(machine.cancel(3, 0)), "");
  EXPECT_EQ(text_of(machine.cancel(1, 0)), "Close; Dial 0");
  EXPECT_EQ(text_of(machine.on_connected(0)), "Send 2");
  EXPECT_EQ(text_of(machine.on_answered(true, 0)), "");
  EXPECT_EQ(text_of(machine.cancel(2, 0)), "") << "answered already";
}

TEST(Exchange, IgnoresWhatIsNotInTheTable) {
  Exchange resting = with_endpoints(1);
  EXPECT_EQ(text_of(resting.on_connected(0)), "");
  EXPECT_EQ(text_of(resting.on_answered(true, 0)), "");
  EXPECT_EQ(text_of(resting.on_broken("late", 0)), "");
  EXPECT_EQ(text_of(resting.on_part()), "");
  EXPECT_EQ(text_of(resting.on_time(0)), "");
  Exchange dialing = with_endpoints(1);
  dialing.call(1, second, 0);
  EXPECT_EQ(text_of(dialing.on_answered(true, 0)), "");
  EXPECT_EQ(text_of(dialing.on_part()), "");
  Exchange busy = calling(1);
  EXPECT_EQ(text_of(busy.on_connected(0)), "");
}

}  // namespace
}  // namespace wallaroo::internal::cluster
