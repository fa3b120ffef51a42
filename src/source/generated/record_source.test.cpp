#include "source/generated/record_source.hpp"

#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <wallaroo/types/error.hpp>

#include "base/clock.hpp"
#include "source/generated/queue_source.hpp"
#include "source/source.rig.hpp"

namespace wallaroo::internal {
namespace {

using Numbers = std::vector<std::uint64_t>;
using Positions = std::vector<SourcePosition>;

struct NumberReceiver final : BatchReceiver {
  void receive(Batch& batch) override {
    if (auto* own = dynamic_cast<RecordBatch<std::uint64_t>*>(&batch)) {
      numbers.insert(numbers.end(), own->begin(), own->end());
    } else {
      const auto& span = dynamic_cast<SpanBatch<std::uint64_t>&>(batch);
      numbers.insert(numbers.end(), span.data, span.data + span.count);
    }
  }
  bool blocked() const override { return false; }

  Numbers numbers;
};

struct Executor {
  explicit Executor(const Clock& clock)
      : loop(clock), context{loop, clock, log, metrics, receiver, refusals} {}

  Log log;
  EventLoop loop;
  SourceMetrics metrics;
  NumberReceiver receiver;
  testing_support::NoRefusals refusals;
  ReaderContext context;
  std::unique_ptr<SourceReader> reader;
};

/// One run of a source on several executors.
class SourceRun {
 public:
  SourceRun(Source& source, int executors, const std::optional<Positions>& restored) {
    source.open();
    if (restored) {
      source.restore(*restored);
    }
    for (int i = 0; i < executors; ++i) {
      executors_.push_back(std::make_unique<Executor>(clock_));
      Executor& each = *executors_.back();
      each.reader = source.reader(i, executors, each.context);
      each.reader->start();
    }
  }

  void poll(std::size_t executor) { executors_[executor]->reader->poll(); }
  std::size_t executors() const { return executors_.size(); }
  bool finished() const {
    return std::all_of(executors_.begin(), executors_.end(),
                       [](const auto& each) { return each->reader->finished(); });
  }
  void to_end() {
    while (!finished()) {
      for (std::size_t i = 0; i < executors(); ++i) {
        poll(i);
      }
    }
  }
  void stop() {
    for (auto& each : executors_) {
      each->reader->stop();
    }
  }
  Positions save() {
    Positions all;
    for (auto& each : executors_) {
      for (SourcePosition& one : each->reader->save(1)) {
        all.push_back(std::move(one));
      }
    }
    return all;
  }
  Numbers numbers() const {
    Numbers all;
    for (const auto& each : executors_) {
      all.insert(all.end(), each->receiver.numbers.begin(), each->receiver.numbers.end());
    }
    return all;
  }

 private:
  ManualClock clock_;
  std::vector<std::unique_ptr<Executor>> executors_;
};

/// Reads on from position to position, each time with another number of executors, to the end.
template <class MakeSource, class Check>
Numbers read_in_pieces(MakeSource make, Check check) {
  Numbers all;
  std::optional<Positions> positions;
  for (int runs = *rc::gen::inRange(0, 4); runs > 0; --runs) {
    auto source = make();
    SourceRun run(*source, *rc::gen::inRange(1, 5), positions);
    for (int polls = *rc::gen::inRange(0, 12); polls > 0; --polls) {
      run.poll(*rc::gen::inRange<std::size_t>(0, run.executors()));
    }
    if (*rc::gen::arbitrary<bool>()) {
      run.stop();
    }
    positions = run.save();
    const Numbers some = run.numbers();
    run.poll(0);  // records after the position are made again
    check(some);
    all.insert(all.end(), some.begin(), some.end());
  }
  auto source = make();
  SourceRun run(*source, *rc::gen::inRange(1, 5), positions);
  run.to_end();
  check(run.numbers());
  const Numbers rest = run.numbers();
  all.insert(all.end(), rest.begin(), rest.end());

  auto again = make();
  SourceRun ended(*again, *rc::gen::inRange(1, 5), run.save());
  ended.to_end();
  RC_ASSERT(ended.numbers().empty());
  return all;
}

RC_GTEST_PROP(AGenerator, RestoredWithAnyNumberOfExecutorsMakesExactlyTheRest, ()) {
  const auto count = *rc::gen::inRange<std::uint64_t>(0, 30'000);
  const auto partitions = *rc::gen::inRange(1, 9);
  const bool by_function = *rc::gen::arbitrary<bool>();
  using Made = std::optional<std::uint64_t>;
  const auto function = [=](std::uint64_t i) { return i < count ? Made(i) : std::nullopt; };
  using Generator = GeneratorSource<std::uint64_t, std::remove_const_t<decltype(function)>>;
  const GeneratorPace pace{0, by_function || count == 0 ? 0 : count, partitions};

  const auto in_order = [&](const Numbers& numbers) {
    std::map<std::uint64_t, std::uint64_t> last;
    for (const std::uint64_t number : numbers) {
      const auto partition = number % static_cast<std::uint64_t>(partitions);
      RC_ASSERT(!last.contains(partition) || last[partition] < number);
      last[partition] = number;
    }
  };
  Numbers all = read_in_pieces(
      [&] { return std::make_unique<Generator>("numbers", pace, function); }, in_order);
  std::sort(all.begin(), all.end());
  Numbers expected(count);
  std::iota(expected.begin(), expected.end(), 0U);
  RC_ASSERT(all == expected);
}

RC_GTEST_PROP(AMemorySource, RestoredWithAnyNumberOfExecutorsReadsExactlyTheRest, ()) {
  Numbers records(*rc::gen::inRange<std::size_t>(0, 9'000));
  std::iota(records.begin(), records.end(), 0U);
  const auto repeat = *rc::gen::inRange<std::uint64_t>(1, 5);
  const MemoryShares shares{repeat, *rc::gen::inRange(1, 9)};
  Numbers all = read_in_pieces(
      [&] {
        return std::make_unique<MemorySource<std::uint64_t>>(
            "numbers", shares, std::span<const std::uint64_t>(records));
      },
      [](const Numbers&) {});
  std::sort(all.begin(), all.end());
  RC_ASSERT(all.size() == records.size() * repeat);
  for (std::size_t i = 0; i < all.size(); ++i) {
    RC_ASSERT(all[i] == i / repeat);
  }
}

template <class MakeSource>
std::string error_of_restore(MakeSource make, const Positions& positions) {
  try {
    auto source = make();
    SourceRun run(*source, 1, positions);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

auto generator(std::uint64_t count, int partitions) {
  const auto function = [](std::uint64_t i) { return i; };
  return std::make_unique<GeneratorSource<std::uint64_t, std::remove_const_t<decltype(function)>>>(
      "numbers", GeneratorPace{0, count, partitions}, function);
}

TEST(AGenerator, WhoseOptionsDoNotFitItsPositionSaysSo) {
  auto source = generator(100, 2);
  SourceRun run(*source, 2, std::nullopt);
  run.to_end();
  const Positions positions = run.save();
  EXPECT_EQ(error_of_restore([] { return generator(100, 2); }, positions), "no error");
  EXPECT_EQ(error_of_restore([] { return generator(100, 3); }, positions),
            "source 'numbers': it had 2 partitions in the checkpoint and has 3 now; give the "
            "options as they were, or start anew with another directory for checkpoints");
  EXPECT_NE(error_of_restore([] { return generator(99, 2); }, positions)
                .find("its count is 99, and it has already made record 99"),
            std::string::npos);
  EXPECT_NE(error_of_restore([] { return generator(100, 2); }, {{"0", "nonsense"}})
                .find("cannot be read"),
            std::string::npos);
}

TEST(AGenerator, WhoseCountWasRaisedMakesTheOthersToo) {
  auto source = generator(101, 3);
  SourceRun run(*source, 2, std::nullopt);
  run.to_end();
  auto more = generator(110, 3);
  SourceRun rest(*more, 1, run.save());
  rest.to_end();
  EXPECT_EQ(rest.numbers(), (Numbers{101, 102, 103, 104, 105, 106, 107, 108, 109}));
}

TEST(AMemorySource, WithOtherRecordsThanInTheCheckpointSaysSo) {
  const Numbers few{1, 2, 3};
  const Numbers more{1, 2, 3, 4};
  MemorySource<std::uint64_t> source("numbers", {}, std::span<const std::uint64_t>(few));
  SourceRun run(source, 1, std::nullopt);
  const std::string error = error_of_restore(
      [&] {
        return std::make_unique<MemorySource<std::uint64_t>>("numbers", MemoryShares{},
                                                             std::span<const std::uint64_t>(more));
      },
      run.save());
  EXPECT_NE(error.find("it had 3 records in the checkpoint and has 4 now"), std::string::npos);
}

TEST(AQueueOfATest, TellsHowManyRecordsCameBeforeTheCheckpoint) {
  const auto queue = std::make_shared<RecordQueue<std::uint64_t>>();
  QueueSource<std::uint64_t> source(queue);
  SourceRun run(source, 1, std::nullopt);
  queue->records = {7, 8, 9};
  run.poll(0);
  const auto fresh = std::make_shared<RecordQueue<std::uint64_t>>();
  QueueSource<std::uint64_t> restored(fresh);
  SourceRun after(restored, 1, run.save());
  EXPECT_EQ(fresh->delivered, 3U);
  fresh->records = {10};
  after.poll(0);
  EXPECT_EQ(after.numbers(), Numbers{10});
  EXPECT_EQ(restored_queue(after.save()), 4U);
}

}  // namespace
}  // namespace wallaroo::internal
