// User functions that fail, on any number of threads.
#include <limits>
#include <optional>
#include <stdexcept>
#include <tuple>

#include "golden.rig.hpp"

namespace golden {
namespace {

using wallaroo::Application;
using wallaroo::DeadLetter;
using wallaroo::OnError;

constexpr std::uint64_t count = 20'000;

bool is_bad(const Event& event) { return event.position % 10 == 3; }
Event refuse(const Event& event) { return is_bad(event) ? throw std::runtime_error("bad") : event; }
int key_of(const Event& event) { return event.key; }
int key_or_refuse(const Event& event) { return refuse(event).key; }

std::vector<Event> good_events() {
  std::vector<Event> good;
  for (const Event& each : events(count)) {
    if (!is_bad(each)) {
      good.push_back(each);
    }
  }
  return sorted(std::move(good));
}

TEST_P(Golden, SkippedRecordsAreAllThatIsMissing) {
  Collected<Event> out;
  Application app("skip");
  app.source("in", event_source(count))
      .to("refuse", refuse, {.on_error = OnError::skip})
      .key_by("key", key_of)
      .to_sink("out", out.sink());
  run_well(app, threads());
  EXPECT_EQ(out.sorted(), good_events());
}

// A NaN deep in a key: the key_by refuses the records, whatever stages follow.
TEST_P(Golden, ARecordWhoseKeyIsNotEqualToItselfIsADeadLetter) {
  using Key = std::tuple<int, std::optional<double>>;
  const auto key = [](const Event& event) {
    const double fraction = event.position % 10 == 3 ? std::numeric_limits<double>::quiet_NaN()
                                                     : static_cast<double>(event.key) / 8;
    return Key(1, fraction);
  };
  std::uint64_t counted = 0;
  std::size_t letters = 0;
  Application app("not a number");
  app.source("in", event_source(count))
      .key_by("fraction", key, {.on_error = OnError::dead_letter})
      .to("count", wallaroo::count_windows(1'000'000).over(wallaroo::count()))
      .to_sink("out",
               wallaroo::callback_sink([&](const auto& result) { counted += result.value; }));
  app.dead_letters("dead").to_sink(
      "letters", wallaroo::callback_sink([&](const DeadLetter& letter) {
        ++letters;
        EXPECT_EQ(letter.stage, "fraction");
        EXPECT_NE(letter.error.find("is not equal to itself"), std::string::npos) << letter.error;
      }));
  run_well(app, threads());
  EXPECT_EQ(counted, count * 9 / 10);
  EXPECT_EQ(letters, count / 10);
}

TEST_P(Golden, EveryRecordIsEitherAnOutputOrADeadLetter) {
  Collected<Event> out;
  std::size_t letters = 0;
  Application app("dead letters");
  app.source("in", event_source(count))
      .key_by("key", key_or_refuse, {.on_error = OnError::dead_letter})
      .to("late",
          [](const Event& event, int&) {
            return event.position % 10 == 4 ? throw std::runtime_error("late") : event;
          },
          {.on_error = OnError::dead_letter})
      .to_sink("out", out.sink());
  app.dead_letters("dead").to_sink("letters",
                                   wallaroo::callback_sink([&](const DeadLetter& letter) {
                                     ++letters;
                                     EXPECT_TRUE(letter.stage == "key" || letter.stage == "late");
                                   }));
  run_well(app, threads());
  EXPECT_EQ(out.records().size(), count * 8 / 10);
  EXPECT_EQ(letters, count * 2 / 10);
}

TEST_P(Golden, AFailureStopsTheApplicationNamingStageAndRecord) {
  Application app("stop");
  app.source("in", event_source(count))
      .key_by("key", key_of)
      .to("refuse", refuse)
      .to_sink("out", wallaroo::concurrent_callback_sink([](const Event&) {}));
  const wallaroo::Outcome outcome = run(app, threads());
  EXPECT_FALSE(outcome.ok);
  EXPECT_NE(outcome.error.find("stage 'refuse' failed on record {"), std::string::npos)
      << outcome.error;
}

TEST_P(Golden, AFailureStopsTheApplicationAlsoWhenAnEarlierStageSwallowsIt) {
  Application app("swallow");
  app.source("in", event_source(count))
      .to("swallow",
          [](const Event& event, wallaroo::Emitter<std::unique_ptr<Event>>& emit) {
            for (int i = 0; i < 1000; ++i) {
              try {
                emit(std::make_unique<Event>(event));
              } catch (...) {
              }
            }
          })
      // A moved-from record would be null here.
      .to("refuse", [](const std::unique_ptr<Event>& event) { return refuse(*event); })
      .to_sink("out", wallaroo::concurrent_callback_sink([](const Event&) {}));
  const wallaroo::Outcome outcome = run(app, threads());
  EXPECT_FALSE(outcome.ok);
  EXPECT_NE(outcome.error.find("stage 'refuse' failed"), std::string::npos) << outcome.error;
}

TEST_P(Golden, AFailingSinkFunctionStopsTheApplication) {
  Application app("sink");
  app.source("in", event_source(count)).to_sink("out", wallaroo::callback_sink([](const Event&) {
                                                  throw std::runtime_error("no");
                                                }));
  const wallaroo::Outcome outcome = run(app, threads());
  EXPECT_FALSE(outcome.ok);
  EXPECT_NE(outcome.error.find("stage 'out' failed"), std::string::npos) << outcome.error;
}

}  // namespace
}  // namespace golden
