// Generators that skip, refuse and fail, on any number of threads.
#include <atomic>
#include <stdexcept>
#include <string>

#include "golden.rig.hpp"

namespace golden {
namespace {

using wallaroo::Application;
using wallaroo::BadRecord;
using wallaroo::DeadLetter;
using wallaroo::Decoded;
using wallaroo::OnError;
using wallaroo::Skip;

constexpr std::uint64_t count = 20'000;

/// Skips the fourth of every ten indices, refuses the fifth, and throws for the sixth.
Decoded<std::uint64_t> fallible(std::uint64_t index) {
  switch (index % 10) {
    case 3:
      return Skip{};
    case 4:
      return BadRecord{"refused"};
    case 5:
      throw std::runtime_error("thrown");
    default:
      return index;
  }
}

std::vector<std::uint64_t> good() {
  std::vector<std::uint64_t> all;
  for (std::uint64_t index = 0; index < count; ++index) {
    if (index % 10 < 3 || index % 10 > 5) {
      all.push_back(index);
    }
  }
  return all;
}

wallaroo::GeneratorOptions options(OnError on_error) {
  return {.count = count, .partitions = partitions, .on_error = on_error};
}

TEST_P(Golden, AGeneratorSkipsWhatItsPolicySkips) {
  Collected<std::uint64_t> out;
  Application app("skip");
  app.source("in", wallaroo::generator_source(options(OnError::skip), fallible))
      .to_sink("out", out.sink());
  run_well(app, threads());
  EXPECT_EQ(out.sorted(), good());
}

TEST_P(Golden, TheDeadLettersOfAGeneratorNameTheIndex) {
  Collected<std::uint64_t> out;
  Collected<std::string> dead;
  Application app("dead letters");
  app.source("in", wallaroo::generator_source(options(OnError::dead_letter), fallible))
      .to_sink("out", out.sink());
  app.dead_letters("dead")
      .to("text",
          [](const DeadLetter& letter) {
            return letter.stage + " " + letter.error + " " + letter.record;
          })
      .to_sink("letters", dead.sink());
  run_well(app, threads());
  EXPECT_EQ(out.sorted(), good());
  std::vector<std::string> expected;
  for (std::uint64_t index = 0; index < count; index += 10) {
    expected.push_back("in refused " + std::to_string(index + 4));
    expected.push_back("in thrown " + std::to_string(index + 5));
  }
  EXPECT_EQ(dead.sorted(), sorted(expected));
}

TEST_P(Golden, APlainGeneratorThatThrowsFollowsItsPolicyToo) {
  Collected<int> out;
  Application app("plain");
  app.source("in", wallaroo::generator_source({.count = 100, .on_error = OnError::skip},
                                              [](std::uint64_t index) {
                                                return index % 2 == 0
                                                           ? throw std::runtime_error("even")
                                                           : static_cast<int>(index);
                                              }))
      .to_sink("out", out.sink());
  run_well(app, threads());
  EXPECT_EQ(out.records().size(), 50U);
}

TEST_P(Golden, AGeneratorThatRefusesStopsTheApplicationNamingTheIndex) {
  Application app("stop");
  app.source("in", wallaroo::generator_source({.count = count}, fallible))
      .to_sink("out", wallaroo::concurrent_callback_sink([](std::uint64_t) {}));
  const wallaroo::Outcome outcome = run(app, threads());
  EXPECT_FALSE(outcome.ok);
  EXPECT_NE(outcome.error.find("stage 'in' failed on record 4: refused"), std::string::npos)
      << outcome.error;
}

TEST_P(Golden, TheRefusalsOfAGeneratorAreCounted) {
  Application app("counted");
  app.source("in", wallaroo::generator_source(options(OnError::skip), fallible))
      .to_sink("out", wallaroo::concurrent_callback_sink([](std::uint64_t) {}));
  wallaroo::Engine engine(app, {.threads = 1});
  engine.start();
  ASSERT_TRUE(engine.wait_for(patience).has_value());
  const std::string metrics = engine.metrics_text();
  for (const char* const each :
       {"wallaroo_source_bad_records_total{", "wallaroo_stage_errors_total{"}) {
    const auto at = metrics.find(each);
    ASSERT_NE(at, std::string::npos) << each;
    EXPECT_NE(metrics.find(" 4000\n", at), std::string::npos) << each;
  }
  EXPECT_NE(metrics.find(" 20000\n"), std::string::npos);
}

TEST_P(Golden, WhatACallbackSinkThrowsAtItsEndNamesTheStage) {
  struct FailsAtTheEnd {
    void operator()(std::uint64_t) const {}
    void finish() { throw std::runtime_error("disk full"); }
  };
  Application app("finish");
  app.source("in", wallaroo::generator_source({.count = 10}, std::identity{}))
      .to_sinks(wallaroo::sink("fine", wallaroo::callback_sink([](std::uint64_t) {})),
                wallaroo::sink("totals", wallaroo::callback_sink(FailsAtTheEnd{})));
  const wallaroo::Outcome outcome = run(app, threads());
  EXPECT_FALSE(outcome.ok);
  EXPECT_EQ(outcome.error, "stage 'totals' failed in finish(): disk full");
}

TEST_P(Golden, KeyedStreamsMayBeMergedAndUsedAlone) {
  Collected<std::pair<int, int>> merged;
  Collected<std::pair<int, int>> alone;
  const auto key = [](const Event& event) { return event.key; };
  const auto sum = [](const Event& event, int& total) {
    ++total;
    return std::pair(event.key, total);
  };
  Application app("merge");
  const auto a = app.source("a", event_source(5'000)).key_by("key a", key);
  const auto b = app.source("b", event_source(5'000)).key_by("key b", key);
  a.merge(b).to("both", sum).to_sink("merged", merged.sink());
  a.to("one", sum).to_sink("alone", alone.sink());
  run_well(app, threads());
  std::map<int, int> events_of;
  for (const Event& event : events(5'000)) {
    ++events_of[event.key];
  }
  const auto counted = [&](int times) {
    std::vector<std::pair<int, int>> all;
    for (const auto& [each, number] : events_of) {
      for (int i = 1; i <= times * number; ++i) {
        all.emplace_back(each, i);
      }
    }
    return all;
  };
  EXPECT_EQ(alone.sorted(), counted(1));
  EXPECT_EQ(merged.sorted(), counted(2));
}

}  // namespace
}  // namespace golden
