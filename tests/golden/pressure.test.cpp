// With full queues no record is lost, nothing hangs, and memory stays bounded.
#include <array>
#include <atomic>
#include <thread>

#include "golden.rig.hpp"

namespace golden {
namespace {

using wallaroo::Application;

// Records are so large that a batch holds 16 of them and queues are full at once.
struct Large {
  Event event;
  std::array<char, 8000> ballast{};
};

auto large_source(std::uint64_t count) {
  return wallaroo::generator_source({.count = count, .partitions = partitions},
                                    [](std::uint64_t index) {
                                      return Large{event(index), {}};
                                    });
}
Large count(const Large& large, std::int64_t& seen) {
  Large result = large;
  result.event.value = ++seen;
  return result;
}
Event event_of(const Large& large) { return large.event; }
int key_of(const Event& event) { return event.key; }

TEST_P(Golden, ManyExchangesThroughFullQueuesKeepOrderAndEnd) {
  Collected<Event> out;
  Application app("pressure");
  app.source("in", large_source(6'000))
      .key_by("first key", [](const Large& large) { return large.event.key; })
      .to("first", count)
      .key_by("second key", [](const Large& large) { return -large.event.key; })
      .to("second", count)
      .key_by("third key", [](const Large& large) { return std::to_string(large.event.key); })
      .to("third", count)
      .to("event", event_of)
      .to_sink("out", out.sink());
  run_well(app, threads());
  EXPECT_EQ(out.records().size(), 6'000U);
  expect_order_per_key(out.records(), key_of);
}

TEST_P(Golden, ExchangesInBothDirectionsNeverWaitForEachOther) {
  Collected<Event> first;
  Collected<Event> second;
  Application app("both ways");
  for (const auto& [name, out] : {std::pair("a", &first), std::pair("b", &second)}) {
    const std::string prefix = name;
    app.source(prefix, large_source(3'000))
        .key_by(prefix + " key", [](const Large& large) { return large.event.key; })
        .to(prefix + " count", count)
        .key_by(prefix + " next key", [](const Large& large) { return large.event.key + 1; })
        .to(prefix + " event", event_of)
        .to_sink(prefix + " out", out->sink());
  }
  run_well(app, threads());
  EXPECT_EQ(first.records().size(), 3'000U);
  EXPECT_EQ(second.records().size(), 3'000U);
}

TEST_P(Golden, OneRecordThatBecomesVeryManyPassesThroughBoundedQueues) {
  auto received = std::make_shared<std::atomic<std::int64_t>>(0);
  Application app("burst");
  app.source("in", event_source(30))
      .to("burst",
          [](const Event& event, wallaroo::Emitter<Event>& emit) {
            for (int i = 0; i < 50'000; ++i) {
              emit({event.key + i, event.partition, event.position, i});
            }
          })
      .key_by("key", key_of)
      .to("same", [](const Event& event, int&) { return event; })
      .to_sink("out",
               wallaroo::concurrent_callback_sink([received](const Event&) { ++*received; }));
  run_well(app, threads());
  EXPECT_EQ(*received, 30 * 50'000);
}

class Alive {
 public:
  static inline std::atomic<std::int64_t> now{0};
  static inline std::atomic<std::int64_t> made{0};

  explicit Alive(std::uint64_t index) : index_(index) {
    ++now;
    ++made;
  }
  Alive(const Alive& other) : index_(other.index_) { ++now; }
  Alive(Alive&& other) noexcept : index_(other.index_) { ++now; }
  Alive& operator=(const Alive&) = default;
  ~Alive() { --now; }
  std::uint64_t index() const { return index_; }

 private:
  std::uint64_t index_;
};

// Returns when the source has made no record for a while, or has made too many.
void wait_until_held_back(std::int64_t too_many) {
  std::int64_t before = -1;
  for (int same = 0; same < 20 && Alive::made < too_many;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    same = Alive::made == before ? same + 1 : 0;
    before = Alive::made;
  }
}

TEST_P(Golden, ASinkThatDoesNotTakeHoldsBackTheSourceWithBoundedMemory) {
  // Queues of 32 batches of 1,024 records, from every executor to every other, over two exchanges
  // and on to the sink, and the open batches.
  const std::int64_t executors = threads();
  const std::int64_t bound = (2 * executors * executors + executors) * 48 * 1024;
  const std::int64_t too_many = 2 * bound;
  Alive::made = 0;
  ASSERT_EQ(Alive::now, 0);
  auto received = std::make_shared<std::int64_t>(0);
  {
    Application app("held back");
    app.source("in", wallaroo::generator_source(
                         {.count = static_cast<std::uint64_t>(too_many), .partitions = 8},
                         [](std::uint64_t index) { return Alive(index); }))
        .key_by("key", [](const Alive& alive) { return alive.index() % 1000; })
        .to("same", [](Alive alive) { return alive; })
        .key_by("next key", [](const Alive& alive) { return alive.index() % 777; })
        .to("same too", [](Alive alive) { return alive; })
        .to_sink("out", wallaroo::callback_sink([received, too_many, bound](const Alive&) {
                   if (++*received == 1) {
                     wait_until_held_back(too_many);
                     EXPECT_LT(Alive::now, bound);
                     EXPECT_LT(Alive::made, too_many) << "the source was not held back";
                   }
                 }));
    run_well(app, threads());
  }
  EXPECT_EQ(*received, too_many);
  EXPECT_EQ(Alive::now, 0) << "records leaked";
}

TEST_P(Golden, StoppingDrainsWhatTheSourceHasMade) {
  auto made = std::make_shared<std::atomic<std::int64_t>>(0);
  auto received = std::make_shared<std::atomic<std::int64_t>>(0);
  Application app("endless");
  app.source("in", wallaroo::generator_source({.partitions = partitions},
                                              [made](std::uint64_t index) {
                                                ++*made;
                                                return event(index);
                                              }))
      .key_by("key", key_of)
      .to("same", [](const Event& event, int&) { return event; })
      .to_sink("out", wallaroo::callback_sink([received](const Event&) { ++*received; }));
  wallaroo::Engine engine(app, {.threads = threads()});
  engine.start();
  while (*received < 10'000) {
    std::this_thread::yield();
  }
  engine.stop();
  const auto outcome = engine.wait_for(patience);
  ASSERT_TRUE(outcome.has_value()) << "does not end";
  EXPECT_TRUE(outcome->ok) << outcome->error;
  EXPECT_EQ(*received, *made);
}

TEST_P(Golden, StoppingAtOnceEndsUnderFullLoad) {
  Application app("endless");
  app.source("in", large_source(0))
      .key_by("key", [](const Large& large) { return large.event.key; })
      .to("count", count)
      .to_sink("out", wallaroo::callback_sink([](const Large&) {}));
  wallaroo::Engine engine(app, {.threads = threads()});
  engine.start();
  engine.stop_now();
  EXPECT_TRUE(engine.wait_for(patience).has_value()) << "does not end";
}

}  // namespace
}  // namespace golden
