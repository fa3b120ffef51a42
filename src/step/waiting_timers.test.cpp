// Many timers are due at once: a batch waits for some of them, and they fire in portions.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "step/chain.rig.hpp"
#include "step/steps/timed_state_step.hpp"

namespace wallaroo::internal {
namespace {

using testing_support::sink_id;
using testing_support::stage_id;
using testing_support::Surroundings;

constexpr std::int64_t beats = 100'000;

void words(const std::string& line, Emitter<std::string_view>& emit) {
  for (std::string_view rest = line; !rest.empty();) {
    emit(rest.substr(0, rest.find(' ')));
    rest.remove_prefix(std::min(rest.find(' '), rest.size() - 1) + 1);
  }
}

/// Sets a timer for each nanosecond from the first record on.
struct Beat {
  void operator()(std::string_view word, int& records, Timers& timers, Emitter<std::string>& emit) {
    emit(std::string(word));
    if (records++ == 0) {
      timers.at(timers.event_time() + std::chrono::nanoseconds(1));
    }
  }
  void on_timer(int&, const Timer& timer, Timers& timers, Emitter<std::string>& emit) {
    emit("beat");
    timers.at(timer.due + std::chrono::nanoseconds(1));
  }
};

/// A chain whose waiting records hold views of words, whose batches are gone by then.
class Rig {
 public:
  void process(const std::string& line) {
    auto batch = std::make_unique<RecordBatch<std::string>>();
    batch->emplace(line);
    chain_.process(*batch);
    for (std::string& record : *batch) {
      record.assign(record.size(), '#');
    }
  }
  std::size_t take_beats() {
    std::size_t taken = 0;
    while (next_ < seen.size() && seen[next_] == "beat") {
      ++next_;
      ++taken;
    }
    return taken;
  }
  std::string take() { return next_ < seen.size() ? seen[next_++] : "nothing"; }

  std::vector<std::string> seen;

 private:
  using Split = ComputationStep<StoredFunction<decltype(&words)>, std::string, NoKey>;
  using Timed = TimedStateStep<StoredFunction<Beat>, std::string_view, NoKey, false>;
  struct Collect {
    std::vector<std::string>* seen;
    void operator()(const std::string& text) const { seen->push_back(text); }
  };
  using Made = Chain<OwnedInput<std::string>, CallbackTerminal<std::string, Collect>, Split, Timed>;

  Surroundings surroundings_{{}};
  std::size_t next_ = 0;

 public:
  Made chain_{typename Made::Spec{{},
                                  {typename Split::Spec{stage_id, {&words}},
                                   typename Timed::Spec{stage_id, {Beat{}}}},
                                  {sink_id, Collect{&seen}}},
              surroundings_.context()};
};

TEST(ManyDueTimers, FireInPortionsAndTheRecordsBehindThemWaitInTheirOrder) {
  Rig rig;
  rig.chain_.set_watermark({beats, false});
  rig.process("a-long-word-of-the-first-line second third");
  EXPECT_TRUE(rig.chain_.waiting());
  // Records of the batch do not see a watermark that comes after it.
  rig.chain_.set_watermark({2 * beats, false});
  EXPECT_EQ(rig.take(), "a-long-word-of-the-first-line");
  std::size_t fired = rig.take_beats();
  EXPECT_LT(fired, 5000u);
  while (rig.chain_.waiting()) {
    EXPECT_TRUE(rig.chain_.fire());
    const std::size_t some = rig.take_beats();
    EXPECT_LE(some, 256u);
    fired += some;
  }
  EXPECT_EQ(fired, static_cast<std::size_t>(beats));
  EXPECT_EQ(rig.take(), "second");
  EXPECT_EQ(rig.take(), "third");
  while (rig.chain_.fire()) {
  }
  EXPECT_EQ(rig.take_beats(), static_cast<std::size_t>(beats));
  EXPECT_EQ(rig.take(), "nothing");
}

TEST(ManyDueTimers, OfNoGreatNumberFireBeforeTheNextRecordAtOnce) {
  Rig rig;
  rig.chain_.set_watermark({100, false});
  rig.process("first second");
  EXPECT_FALSE(rig.chain_.waiting());
  EXPECT_EQ(rig.take(), "first");
  EXPECT_EQ(rig.take_beats(), 100u);
  EXPECT_EQ(rig.take(), "second");
}

}  // namespace
}  // namespace wallaroo::internal
