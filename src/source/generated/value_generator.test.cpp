#include "source/generated/value_generator.hpp"

#include <cstdint>
#include <memory>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/clock.hpp"
#include "source/source.rig.hpp"

namespace wallaroo::internal {
namespace {

using Number = std::uint64_t;
using Numbers = std::vector<Number>;
using Positions = std::vector<SourcePosition>;

/// What the calls of a generator did; shared by its copies.
struct Calls {
  Numbers applied;
  int initial = 0;
};

/// Counts up to `last`.
struct CountingUp {
  Number last = 0;
  std::shared_ptr<Calls> calls = std::make_shared<Calls>();

  std::optional<Number> initial_value() {
    ++calls->initial;
    return 1;
  }
  std::optional<Number> apply(const Number& current) {
    calls->applied.push_back(current);
    return current < last ? std::optional(current + 1) : std::nullopt;
  }
};

template <class T>
struct ValueReceiver final : BatchReceiver {
  void receive(Batch& batch) override {
    auto& own = dynamic_cast<RecordBatch<T>&>(batch);
    sizes.push_back(own.size());
    records.insert(records.end(), own.begin(), own.end());
    if (on_batch) {
      on_batch();
    }
  }
  bool blocked() const override { return false; }
  void open_partition(std::uint64_t) override { ++open; }
  void end_partition(std::uint64_t) override { --open; }

  std::vector<T> records;
  std::vector<std::size_t> sizes;
  int open = 0;
  std::function<void()> on_batch;
};

/// The share of one executor of a run.
template <class T>
struct Share {
  Share(Source& source, int index, int executors, bool checkpoints = true) {
    reader = source.reader(index, executors,
                           {loop, clock, log, metrics, receiver, refusals, checkpoints});
  }

  std::string logged;
  ManualClock clock;
  Log log{LogLevel::info, [this](LogLevel, std::string_view line) { logged.append(line); }};
  EventLoop loop{clock};
  SourceMetrics metrics;
  ValueReceiver<T> receiver;
  testing_support::NoRefusals refusals;
  std::unique_ptr<SourceReader> reader;
};

using CountingSource = ValueGeneratorSource<Number, CountingUp>;

Numbers from_to(Number first, Number last) {
  Numbers numbers(last < first ? 0 : last - first + 1);
  std::iota(numbers.begin(), numbers.end(), first);
  return numbers;
}

TEST(AValueGenerator, AppliesToEachValueBeforeItSendsIt) {
  CountingUp generator{3};
  CountingSource source("numbers", {.batch_records = 1}, generator);
  Share<Number> share(source, 0, 1);
  share.reader->start();
  Numbers applied_by_then;
  share.receiver.on_batch = [&] { applied_by_then.push_back(generator.calls->applied.size()); };
  while (share.reader->poll()) {
  }
  EXPECT_EQ(share.receiver.records, (Numbers{1, 2, 3}));
  EXPECT_EQ(applied_by_then, (Numbers{1, 2, 3}));
  EXPECT_EQ(generator.calls->applied, (Numbers{1, 2, 3}));
  EXPECT_EQ(generator.calls->initial, 1);
  EXPECT_EQ(share.metrics.records.value(), 3U);
}

TEST(AValueGenerator, EndsWithOneLineInTheLog) {
  CountingSource source("numbers", {}, {2});
  Share<Number> share(source, 0, 1);
  share.reader->start();
  EXPECT_EQ(share.receiver.open, 1);
  EXPECT_FALSE(share.reader->finished());
  while (share.reader->poll()) {
  }
  EXPECT_TRUE(share.reader->finished());
  EXPECT_EQ(share.receiver.open, 0);
  EXPECT_EQ(share.logged, "source 'numbers': its generator has ended");
}

TEST(AValueGenerator, MayLeaveItsSourceOpenWhenItEnds) {
  CountingSource source("numbers", {.ends_source = false}, {2});
  Share<Number> share(source, 0, 2);
  Share<Number> other(source, 1, 2);
  share.reader->start();
  other.reader->start();
  while (share.reader->poll()) {
  }
  EXPECT_FALSE(other.reader->poll());
  EXPECT_EQ(share.receiver.open, 0);
  EXPECT_FALSE(share.reader->finished());
  EXPECT_FALSE(other.reader->finished());
  share.reader->stop();
  other.reader->stop();
  EXPECT_TRUE(share.reader->finished());
  EXPECT_TRUE(other.reader->finished());
}

TEST(AValueGenerator, WithoutAFirstValueHasEnded) {
  struct Nothing {
    std::optional<Number> initial_value() { return std::nullopt; }
    std::optional<Number> apply(const Number&) { return 1; }
  };
  ValueGeneratorSource<Number, Nothing> source("nothing", {}, {});
  Share<Number> share(source, 0, 1);
  share.reader->start();
  EXPECT_FALSE(share.reader->poll());
  EXPECT_TRUE(share.reader->finished());
  EXPECT_EQ(share.receiver.open, 0);
  EXPECT_EQ(share.logged, "source 'nothing': its generator has ended");
}

TEST(AValueGenerator, RunsOnTheFirstExecutorOnly) {
  CountingUp generator{5};
  CountingSource source("numbers", {}, generator);
  for (int index = 1; index < 3; ++index) {
    Share<Number> share(source, index, 3);
    share.reader->start();
    EXPECT_TRUE(share.reader->finished());
    EXPECT_TRUE(share.reader->save(1).empty());
  }
  EXPECT_EQ(generator.calls->initial, 0);
}

TEST(AValueGenerator, FillsBatchesOfBoundedSizeAndTime) {
  struct Slow {
    ManualClock* clock;
    std::optional<Number> initial_value() { return 0; }
    std::optional<Number> apply(const Number& current) {
      clock->advance(current < 10 ? std::chrono::milliseconds(3) : std::chrono::milliseconds(0));
      return current + 1;
    }
  };
  Slow generator{nullptr};
  ManualClock clock;
  generator.clock = &clock;
  ValueGeneratorSource<Number, Slow> source("slow", {.batch_records = 7}, generator);
  EventLoop loop{clock};
  SourceMetrics metrics;
  ValueReceiver<Number> receiver;
  testing_support::NoRefusals refusals;
  const Log log;
  const auto reader =
      source.reader(0, 1, ReaderContext{loop, clock, log, metrics, receiver, refusals, true});
  reader->start();
  for (int i = 0; i < 12; ++i) {
    EXPECT_TRUE(reader->poll());
  }
  EXPECT_EQ(receiver.sizes, (std::vector<std::size_t>{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 7, 7}));
}

RC_GTEST_PROP(AValueGenerator, RestoredAnywhereMakesExactlyTheRest, ()) {
  const Number last = *rc::gen::inRange<Number>(1, 200);
  const ValueGeneratorOptions options{.batch_records = *rc::gen::inRange<std::size_t>(1, 20)};
  Numbers all;
  Positions positions;
  for (bool ended = false; !ended;) {
    CountingUp generator{last};
    CountingSource source("numbers", options, generator);
    source.open();
    source.restore(positions);
    Share<Number> share(source, 0, *rc::gen::inRange(1, 3));
    share.reader->start();
    RC_ASSERT(generator.calls->initial == 1);
    for (int polls = *rc::gen::inRange(0, 10); polls > 0; --polls) {
      share.reader->poll();
    }
    if (*rc::gen::arbitrary<bool>()) {
      share.reader->stop();
    }
    ended = !share.reader->poll() && all.size() + share.receiver.records.size() == last;
    positions = share.reader->save(1);
    const Numbers some = share.receiver.records;
    share.reader->poll();  // what follows the position is made again
    all.insert(all.end(), some.begin(), some.end());
  }
  RC_ASSERT(all == from_to(1, last));

  CountingSource again("numbers", options, {last});
  again.restore(positions);
  Share<Number> share(again, 0, 1);
  share.reader->start();
  RC_ASSERT(!share.reader->poll());
  RC_ASSERT(share.reader->finished());
}

template <class T, class Generator>
std::string error_of(Generator generator, const Positions& positions = {}, int polls = 1) {
  ValueGeneratorSource<T, Generator> source("values", {}, std::move(generator));
  try {
    source.restore(positions);
    Share<T> share(source, 0, 1);
    share.reader->start();
    for (; polls > 0; --polls) {
      share.reader->poll();
    }
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

struct Failing {
  bool at_once = false;
  std::optional<Number> initial_value() {
    return at_once ? throw std::runtime_error("no luck") : std::optional<Number>(1);
  }
  std::optional<Number> apply(const Number&) { throw 7; }
};

TEST(AValueGenerator, ThatFailsNamesItsSourceAndFunction) {
  EXPECT_EQ(error_of<Number>(Failing{true}),
            "source 'values' failed: initial_value of its generator: no luck");
  EXPECT_EQ(error_of<Number>(Failing{false}),
            "source 'values' failed: apply of its generator: an exception that is not a "
            "std::exception");
}

TEST(AValueGenerator, SaysSoWhenItsPositionCannotBeRead) {
  const auto error = [](std::string partition, std::string bytes) {
    return error_of<Number>(CountingUp{3}, {{std::move(partition), std::move(bytes)}});
  };
  EXPECT_NE(error("0", "").find("was of another kind in the checkpoint"), std::string::npos);
  const std::string good = ValuePosition<Number>::encode(2).bytes;
  EXPECT_EQ(error("value", good), "no error");
  for (const std::string& bad :
       {std::string(), std::string("\2") + good.substr(1), good + "x", good.substr(0, 5),
        ValuePosition<std::string>::encode("two").bytes}) {
    EXPECT_NE(error("value", bad).find("its value in the checkpoint cannot be read"),
              std::string::npos);
  }
}

struct Unkept {
  int number = 0;
};
struct UnkeptOnes {
  std::optional<Unkept> initial_value() { return Unkept{}; }
  std::optional<Unkept> apply(const Unkept&) { return std::nullopt; }
};

}  // namespace
}  // namespace wallaroo::internal
template <>
struct wallaroo::Stored<wallaroo::internal::Unkept> : wallaroo::NotStored {};
namespace wallaroo::internal {
namespace {

TEST(AValueGenerator, OfValuesThatAreNotStoredRunsWithoutCheckpointsOnly) {
  EXPECT_NE(error_of<Unkept>(UnkeptOnes{}).find("no checkpoint can hold its position"),
            std::string::npos);
  ValueGeneratorSource<Unkept, UnkeptOnes> source("values", {}, {});
  Share<Unkept> share(source, 0, 1, false);
  share.reader->start();
  EXPECT_TRUE(share.reader->poll());
  EXPECT_EQ(share.receiver.records.size(), 1U);
}

/// Its values and functions may be touched only inside of a Scope.
struct Guarded {
  static inline int depth = 0;
  static inline int entered = 0;
  static inline int outside = 0;
  struct Scope {
    Scope() { ++depth, ++entered; }
    ~Scope() { --depth; }
  };
  struct Value {
    explicit Value(Number its_number) : number(its_number) {}
    Value(Value&& other) noexcept : number(other.number) { note(); }
    Value& operator=(Value&& other) noexcept {
      number = other.number;
      note();
      return *this;
    }
    Value(const Value& other) : number(other.number) {}
    ~Value() { note(); }
    static void note() { outside += depth == 1 ? 0 : 1; }
    Number number;
  };
  std::optional<Value> initial_value() {
    Value::note();
    return Value(1);
  }
  std::optional<Value> apply(const Value& current) {
    Value::note();
    return current.number < 100 ? std::optional<Value>(Value(current.number + 1)) : std::nullopt;
  }
};

}  // namespace
}  // namespace wallaroo::internal
template <>
struct wallaroo::Stored<wallaroo::internal::Guarded::Value> {
  using Type = std::uint64_t;
  static Type save(const wallaroo::internal::Guarded::Value& value) {
    wallaroo::internal::Guarded::Value::note();
    return value.number;
  }
  static wallaroo::internal::Guarded::Value load(Type number) {
    return wallaroo::internal::Guarded::Value(number);
  }
};
namespace wallaroo::internal {
namespace {

struct GuardedReceiver final : BatchReceiver {
  void receive(Batch& batch) override {
    EXPECT_EQ(Guarded::depth, 0) << "the chain has a scope of its own";
    const Guarded::Scope scope;
    auto& own = dynamic_cast<RecordBatch<Guarded::Value>&>(batch);
    for (const Guarded::Value& value : own) {
      numbers.push_back(value.number);
    }
  }
  bool blocked() const override { return false; }
  Numbers numbers;
};

TEST(AValueGenerator, TouchesValuesOnlyInsideItsScope) {
  Guarded::entered = Guarded::outside = 0;
  ValueGeneratorSource<Guarded::Value, Guarded> source("guarded", {.batch_records = 20}, {});
  const Positions saved{ValuePosition<Number>::encode(31)};
  source.restore({{"value", saved.front().bytes}});
  ManualClock clock;
  EventLoop loop{clock};
  SourceMetrics metrics;
  GuardedReceiver receiver;
  testing_support::NoRefusals refusals;
  const Log log;
  {
    const auto reader =
        source.reader(0, 1, ReaderContext{loop, clock, log, metrics, receiver, refusals, true});
    reader->start();
    reader->poll();
    EXPECT_EQ(reader->save(1).front().bytes, ValuePosition<Number>::encode(51).bytes);
    reader->poll();
  }
  EXPECT_EQ(receiver.numbers, from_to(31, 70));
  EXPECT_EQ(Guarded::outside, 0);
  // The start, the save, the destructor, and for each poll the calls, the receiver, and the reset.
  EXPECT_EQ(Guarded::entered, 3 + 2 * 3);
}

}  // namespace
}  // namespace wallaroo::internal
