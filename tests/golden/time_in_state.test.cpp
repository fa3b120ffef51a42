// Joins, timers and expiring state through the whole engine.
#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <wallaroo/testing.hpp>
#include <wallaroo/wallaroo.hpp>

namespace wallaroo {
namespace {

using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

struct Order {
  int id;
  std::int64_t at_s;
};
struct Payment {
  int order;
  std::int64_t at_s;
  int amount;
};
EventTime when(const Order& order) { return EventTime(std::chrono::seconds(order.at_s)); }
EventTime paid_when(const Payment& payment) {
  return EventTime(std::chrono::seconds(payment.at_s));
}
int id_of(const Order& order) { return order.id; }
int order_of(const Payment& payment) { return payment.order; }

struct JoinRig {
  template <class Join>
  explicit JoinRig(Join&& join) {
    auto a = app.source("orders", orders.source()).event_time("placed", when).key_by("id", id_of);
    auto b = app.source("payments", payments.source())
                 .event_time("paid", paid_when)
                 .key_by("order", order_of);
    join(*this, a.join(b).within(-1s, 5s));
    harness.emplace(app);
  }
  auto sink() {
    return callback_sink([this](const std::string& line) { seen.push_back(line); });
  }
  Lines take() { return std::exchange(seen, {}); }
  void order(int id, std::int64_t at_s) {
    orders.push({id, at_s});
    harness->run();
  }
  void pay(int id, std::int64_t at_s, int amount) {
    payments.push({id, at_s, amount});
    harness->run();
  }

  Application app{"joins"};
  testing::Input<Order> orders;
  testing::Input<Payment> payments;
  Lines seen;
  std::optional<testing::Harness> harness;
};

TEST(Joins, RecordsOfOneKeyThatAreNearInTimeMeet) {
  JoinRig rig([](JoinRig& r, auto join) {
    join.to("matched",
            [](const Order& order, const Payment& payment) {
              return fmt::format("{} {}", order.id, payment.amount);
            })
        .to_sink("out", r.sink());
  });
  rig.order(1, 10);
  rig.order(2, 10);
  rig.pay(1, 15, 100);
  rig.pay(2, 16, 200);
  rig.pay(1, 9, 300);
  EXPECT_EQ(rig.take(), (Lines{"1 100", "1 300"}));
}

TEST(Joins, ALeftJoinEmitsWhatHasNoPartnerOnceNoneCanFollow) {
  JoinRig rig([](JoinRig& r, auto join) {
    join.left()
        .to("matched",
            [](const Order& order, const Payment* payment) {
              return fmt::format("{} {}", order.id, payment == nullptr ? 0 : payment->amount);
            })
        .to_sink("out", r.sink());
  });
  rig.order(1, 10);
  rig.pay(7, 10, 1);
  rig.order(2, 16);
  rig.pay(7, 15, 1);
  EXPECT_EQ(rig.take(), Lines{});
  rig.pay(7, 16, 1);
  EXPECT_EQ(rig.take(), (Lines{"1 0"}));
  rig.pay(2, 16, 5);
  EXPECT_EQ(rig.take(), (Lines{"2 5"}));
  rig.harness->end();
  EXPECT_EQ(rig.take(), Lines{});
}

std::string paid(const Order& order, const Payment* payment) {
  return fmt::format("{} {}", order.id, payment == nullptr ? "unpaid" : "paid");
}

// The payment comes in time, but has left when its order comes, out of order.
TEST(Joins, AnOrderWhosePaymentCameInTimeIsNeverSaidToBeUnpaid) {
  for (const auto delay : {0s, 5s}) {
    JoinRig rig([&](JoinRig& r, auto join) {
      auto [results, late] = join.left().with_delay(delay).to_with_late("matched", paid);
      results.to_sink("out", r.sink());
      late.to_sink("late", callback_sink([&r](const std::variant<Order, Payment>& record) {
                     r.seen.push_back(fmt::format("late {}", std::get<0>(record).id));
                   }));
    });
    rig.pay(1, 103, 1);
    rig.order(7, 105 + delay.count());
    rig.pay(7, 105 + delay.count(), 1);
    EXPECT_EQ(rig.take(), (Lines{"7 paid"}));
    rig.order(1, 100);
    rig.order(2, 103);
    rig.pay(2, 104, 1);
    EXPECT_EQ(rig.take(), (Lines{"2 paid"})) << "a pair that can be made is made";
    rig.harness->end();
    EXPECT_EQ(rig.take(), (Lines{"late 1"}));
  }
}

TEST(Joins, WithATimeOutWhatWaitsComesOutWhenAllInputsAreSilent) {
  JoinRig rig([&](JoinRig& r, auto join) {
    join.left().with_timeout(10s).to("matched", paid).to_sink("out", r.sink());
  });
  rig.order(1, 100);
  rig.pay(2, 100, 1);
  rig.harness->advance(9s);  // idle after 5 s
  EXPECT_EQ(rig.take(), Lines{});
  rig.order(2, 101);
  EXPECT_EQ(rig.take(), (Lines{"2 paid"})) << "within the bounds";
  rig.harness->advance(9s);
  EXPECT_EQ(rig.take(), Lines{}) << "the time is counted from the last record";
  rig.harness->advance(2s);
  EXPECT_EQ(rig.take(), (Lines{"1 unpaid"}));
  const std::string metrics = rig.harness->metrics_text();
  for (const char* const line : {"wallaroo_join_pairs_total", "wallaroo_join_unpaired_total"}) {
    EXPECT_NE(metrics.find(fmt::format("{}{{application=\"joins\",pipeline=\"orders\",stage="
                                       "\"matched\",worker=\"worker1\",executor=\"0\"}} 1\n",
                                       line)),
              std::string::npos)
        << metrics;
  }
  EXPECT_NE(metrics.find("wallaroo_join_buffered_records{application=\"joins\",pipeline=\"orders\","
                         "stage=\"matched\",worker=\"worker1\",executor=\"0\"} 0\n"),
            std::string::npos)
      << metrics;
}

TEST(Joins, LateRecordsOfBothSidesCanBeAStream) {
  JoinRig rig([](JoinRig& r, auto join) {
    auto [results, late] = join.to_with_late(
        "matched", [](const Order& order, const Payment&) { return std::to_string(order.id); });
    results.to_sink("out", r.sink());
    late.to_sink("late", callback_sink([&r](const std::variant<Order, Payment>& record) {
                   r.seen.push_back(record.index() == 0 ? "late order" : "late payment");
                 }));
  });
  rig.order(1, 100);
  rig.pay(1, 100, 1);
  rig.order(2, 10);
  EXPECT_EQ(rig.take(), (Lines{"1", "late order"}));
  EXPECT_NE(rig.harness->metrics_text().find(
                "wallaroo_stage_late_records_total{application=\"joins\",pipeline=\"orders\",stage="
                "\"matched\",worker=\"worker1\",executor=\"0\"} 1"),
            std::string::npos)
      << rig.harness->metrics_text();
}

struct Reminder {
  struct Open {
    int reminders = 0;
  };
  std::string operator()(const Order& order, Open& open, Timers& timers) {
    open = {};
    timers.at(when(order) + 10s);
    return fmt::format("placed {}", order.id);
  }
  std::optional<std::string> on_timer(const int& id, Open& open, const Timer& timer,
                                      Timers& timers) {
    if (++open.reminders < 2) {
      timers.at(timer.due + 5s);
    }
    return fmt::format("remind {} at {}", id, timer.due.time_since_epoch() / 1s);
  }
};

struct OrdersRig {
  template <class F>
  explicit OrdersRig(F function) {
    app.source("orders", orders.source())
        .event_time("placed", when)
        .key_by("id", id_of)
        .to("stage", function)
        .to_sink("out", callback_sink([this](const std::string& line) { seen.push_back(line); }));
    harness.emplace(app);
  }
  Lines give(int id, std::int64_t at_s) {
    orders.push({id, at_s});
    harness->run();
    return take();
  }
  Lines take() { return std::exchange(seen, {}); }

  Application app{"timers"};
  testing::Input<Order> orders;
  Lines seen;
  std::optional<testing::Harness> harness;
};

TEST(TimersOfState, FireWhenTheWatermarkReachesThemAndMaySetOthers) {
  OrdersRig rig(Reminder{});
  EXPECT_EQ(rig.give(1, 0), (Lines{"placed 1"}));
  EXPECT_EQ(rig.give(2, 9), (Lines{"placed 2"}));
  EXPECT_EQ(rig.give(3, 10), (Lines{"placed 3", "remind 1 at 10"}));
  EXPECT_EQ(rig.give(4, 18), (Lines{"placed 4", "remind 1 at 15"}));
  rig.harness->end();
  Lines last = rig.take();
  std::sort(last.begin(), last.end());
  EXPECT_EQ(last, (Lines{"remind 2 at 19", "remind 3 at 20", "remind 4 at 28"}));
}

TEST(TimersOfState, WaitForTheWatermarkHoweverLongNothingComes) {
  OrdersRig rig(Reminder{});
  rig.give(1, 0);
  rig.harness->advance(24h);
  EXPECT_EQ(rig.take(), Lines{});
}

TEST(TimersOfState, FireWhenTheInputHasBeenSilentForTheTimeOut) {
  OrdersRig rig(stateful(Reminder{}).with_timeout(60s));
  rig.give(1, 0);
  rig.harness->advance(59s);
  EXPECT_EQ(rig.give(2, 5), (Lines{"placed 2"}));
  rig.harness->advance(59s);
  EXPECT_EQ(rig.take(), Lines{});
  rig.harness->advance(1s);
  EXPECT_EQ(rig.take(), (Lines{"remind 1 at 10", "remind 2 at 15"}));
  // Timers that those have set wait for the same time again, while the silence lasts.
  rig.harness->advance(59s);
  EXPECT_EQ(rig.take(), Lines{});
  rig.harness->advance(1s);
  EXPECT_EQ(rig.take(), (Lines{"remind 1 at 15", "remind 2 at 20"}));
  rig.harness->advance(1h);
  EXPECT_EQ(rig.take(), Lines{});
  // The time-out has not moved the watermark.
  EXPECT_EQ(rig.give(3, 6), (Lines{"placed 3"}));
  EXPECT_EQ(rig.give(4, 16), (Lines{"placed 4", "remind 3 at 16"}));
}

struct AtTheEnd {
  std::string operator()(const Order& order, int&, Timers& timers) {
    timers.at(EventTime::max());
    timers.at(when(order) + 10s, 1);
    return "placed";
  }
  std::string on_timer(const int&, int&, const Timer& timer, Timers& timers) {
    const bool early = timers.watermark() < timer.due;
    return fmt::format("timer {}{}", timer.id, early ? " ahead of the watermark" : "");
  }
};

TEST(TimersOfState, ForTheEndOfTheStreamDoNotFireInASilence) {
  OrdersRig rig(stateful(AtTheEnd{}).expire_after(1h).with_timeout(60s));
  EXPECT_EQ(rig.give(1, 0), Lines{"placed"});
  rig.harness->advance(1h);
  EXPECT_EQ(rig.take(), Lines{"timer 1 ahead of the watermark"});
  rig.harness->end();
  EXPECT_EQ(rig.take(), Lines{"timer 0"});
}

TEST(TimersOfState, CountTheSilenceFromARestart) {
  OrdersRig rig(stateful(Reminder{}).with_timeout(60s));
  rig.give(1, 0);
  rig.harness->advance(50s);
  testing::HarnessOptions options;
  options.executors = 2;
  options.restore = rig.harness->checkpoint();
  rig.harness.emplace(rig.app, options);
  rig.harness->advance(59s);
  EXPECT_EQ(rig.take(), Lines{});
  rig.harness->advance(1s);
  EXPECT_EQ(rig.take(), Lines{"remind 1 at 10"});
}

template <class F>
std::string mistake_of(F function) {
  try {
    OrdersRig rig(function);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "it was taken";
}
std::string count_order(const Order& order, int& count);

TEST(TimersOfState, ATimeOutThatCannotWorkIsAMistakeThatNamesTheStage) {
  const std::string never = mistake_of(stateful(Reminder{}).with_timeout(0s));
  EXPECT_NE(never.find("stage 'stage': timeout"), std::string::npos) << never;
  const std::string none = mistake_of(stateful(count_order).with_timeout(1s));
  EXPECT_NE(none.find("takes no Timers&"), std::string::npos) << none;
}

struct Poller {
  void operator()(const Order& order, int& last, Timers& timers, Emitter<std::string>& emit) {
    last = order.id;
    timers.after(1s);
    emit("seen");
  }
  void on_timer(const int&, int& last, const Timer&, Timers&, Emitter<std::string>& emit) {
    emit(fmt::format("quiet since {}", last));
  }
};

TEST(TimersOfState, OfProcessingTimeFireWhenItHasPassed) {
  OrdersRig rig(Poller{});
  EXPECT_EQ(rig.give(1, 0), (Lines{"seen"}));
  rig.harness->advance(500ms);
  EXPECT_EQ(rig.give(1, 1), (Lines{"seen"}));
  rig.harness->advance(900ms);
  EXPECT_EQ(rig.take(), Lines{});
  rig.harness->advance(100ms);
  EXPECT_EQ(rig.take(), (Lines{"quiet since 1"}));
}

std::string count_order(const Order& order, int& count) {
  return fmt::format("{}: {}", order.id, ++count);
}

TEST(ExpiringStates, StartAnewAfterTheEventTimeGiven) {
  OrdersRig rig(stateful(count_order).expire_after(10s));
  EXPECT_EQ(rig.give(1, 0), (Lines{"1: 1"}));
  EXPECT_EQ(rig.give(1, 9), (Lines{"1: 2"}));
  EXPECT_EQ(rig.give(2, 18), (Lines{"2: 1"}));
  EXPECT_EQ(rig.give(1, 18), (Lines{"1: 3"}));
  EXPECT_EQ(rig.give(2, 28), (Lines{"2: 2"}));
  EXPECT_EQ(rig.give(1, 28), (Lines{"1: 1"}));
}

struct CountedReminder {
  std::optional<std::string> operator()(const Order& order, int& orders, Timers& timers) {
    ++orders;
    timers.at(when(order) + 10s);
    return std::nullopt;
  }
  std::optional<std::string> on_timer(const int& id, int& orders, const Timer&) {
    return fmt::format("{}: {}", id, orders);
  }
};

TEST(ExpiringStates, ATimerFindsTheStateAsItWasWhenItWasDue) {
  for (const std::int64_t next : {15, 100}) {
    OrdersRig rig(stateful(CountedReminder{}).expire_after(20s));
    rig.give(1, 0);
    EXPECT_EQ(rig.give(2, next), (Lines{"1: 1"})) << "when the watermark goes to " << next;
  }
}

TEST(ExpiringStates, StartAnewAfterTheProcessingTimeGiven) {
  OrdersRig rig(stateful(count_order).expire_after(10s, ExpiryTime::processing_time));
  EXPECT_EQ(rig.give(1, 0), (Lines{"1: 1"}));
  rig.harness->advance(9s);
  EXPECT_EQ(rig.give(1, 100), (Lines{"1: 2"}));
  rig.harness->advance(10s);
  EXPECT_EQ(rig.give(1, 101), (Lines{"1: 1"}));
}

TEST(ExpiringStates, ADurationOfZeroIsAMistakeThatNamesTheStage) {
  Application app("mistake");
  testing::Input<Order> orders;
  app.source("orders", orders.source())
      .key_by("id", id_of)
      .to("count", stateful(count_order).expire_after(0s))
      .to_sink("out", callback_sink([](const std::string&) {}));
  try {
    testing::Harness harness(app);
    FAIL() << "it was taken";
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("stage 'count'"), std::string::npos) << error.what();
  }
}

// The pairs of a join do not depend on the number of executors.
class JoinsOnExecutors : public ::testing::TestWithParam<int> {};

TEST_P(JoinsOnExecutors, EveryPairIsFoundOnce) {
  constexpr std::uint64_t records = 20'000;
  struct Tick {
    int key;
    std::int64_t at_ns;
    std::uint64_t index;
  };
  const auto left = [](std::uint64_t i) {
    return Tick{static_cast<int>(i * 31 % 50), static_cast<std::int64_t>(i * 1000 - i * 17 % 900),
                i};
  };
  const auto right = [](std::uint64_t i) {
    return Tick{static_cast<int>(i * 7 % 50), static_cast<std::int64_t>(i * 1000 - i * 23 % 900),
                i};
  };
  constexpr std::int64_t reach_ns = 100'000;
  std::set<std::pair<std::uint64_t, std::uint64_t>> expected;
  for (std::uint64_t i = 0; i < records; ++i) {
    const Tick a = left(i);
    for (std::uint64_t j = i < 110 ? 0 : i - 110; j < std::min(records, i + 110); ++j) {
      const Tick b = right(j);
      if (a.key == b.key && b.at_ns >= a.at_ns - reach_ns && b.at_ns <= a.at_ns + reach_ns) {
        expected.emplace(i, j);
      }
    }
  }
  ASSERT_FALSE(expected.empty());
  std::mutex mutex;
  std::set<std::pair<std::uint64_t, std::uint64_t>> seen;
  std::uint64_t pairs = 0;
  Application app("join");
  EventTimeOptions times = bounded_lateness(1000ns);
  times.idle_after = 0s;
  const auto side = [&](const std::string& name, auto make) {
    return app.source(name, generator_source({.count = records, .partitions = 4}, make))
        .event_time(name + " time", &Tick::at_ns, times)
        .key_by(name + " key", &Tick::key);
  };
  side("left", left)
      .join(side("right", right))
      .within(std::chrono::nanoseconds(-reach_ns), std::chrono::nanoseconds(reach_ns))
      .to("pairs", [](const Tick& a, const Tick& b) { return std::pair(a.index, b.index); })
      .to_sink("out",
               concurrent_callback_sink([&](const std::pair<std::uint64_t, std::uint64_t>& p) {
                 const std::lock_guard lock(mutex);
                 seen.insert(p);
                 ++pairs;
               }));
  Engine engine(app, {.threads = GetParam()});
  engine.start();
  const Outcome outcome = engine.wait();
  EXPECT_TRUE(outcome.ok) << outcome.error;
  EXPECT_EQ(pairs, seen.size());
  EXPECT_TRUE(seen == expected) << seen.size() << " pairs instead of " << expected.size();
}

INSTANTIATE_TEST_SUITE_P(Executors, JoinsOnExecutors, ::testing::Values(1, 2, 4));

}  // namespace
}  // namespace wallaroo
