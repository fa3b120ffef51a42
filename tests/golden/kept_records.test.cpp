// Views into records that own their bytes, into classes with private members, and the beginning and
// end of an engine.
#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <wallaroo/wallaroo.hpp>

namespace wallaroo {
namespace {

constexpr std::uint64_t records = 20'000;

std::string text_of(std::uint64_t index) {
  return "a record that is too long for a short string " + std::to_string(index % 997);
}

/// Counts the records that arrive, and those that should arrive.
class Counts {
 public:
  void add(std::string_view record) {
    const std::lock_guard lock(mutex_);
    ++counts_[std::string(record)];
  }
  static std::map<std::string, int> expected(std::size_t skipped) {
    std::map<std::string, int> counts;
    for (std::uint64_t i = 0; i < records; ++i) {
      ++counts[text_of(i).substr(skipped)];
    }
    return counts;
  }
  const std::map<std::string, int>& counts() const { return counts_; }

 private:
  std::mutex mutex_;
  std::map<std::string, int> counts_;
};

template <class Function>
void expect_views_survive(Function function, std::size_t skipped) {
  for (const int threads : {1, 2, 3}) {
    Counts counts;
    Application app("views");
    app.source("texts", generator_source({.count = records, .partitions = 3}, text_of))
        .to("view", function)
        .key_by("text", std::identity{})
        .to("same",
            [](std::string_view text, int& seen) {
              ++seen;
              return text;
            })
        .to_sink("counts", callback_sink([&](std::string_view text) { counts.add(text); }));
    Engine engine(app, {.threads = threads});
    engine.start();
    EXPECT_TRUE(engine.wait().ok);
    EXPECT_EQ(counts.counts(), Counts::expected(skipped)) << threads << " threads";
  }
}

TEST(KeptRecords, AViewOfAStringOutlivesTheStringThatWasTheInput) {
  expect_views_survive([](const std::string& text) { return std::string_view(text).substr(2); }, 2);
}

TEST(KeptRecords, SoDoOptionalsVectorsAndEmittedViews) {
  expect_views_survive(
      [](const std::string& text) { return std::optional(std::string_view(text).substr(1)); }, 1);
  expect_views_survive(
      [](const std::string& text) { return std::vector{std::string_view(text).substr(3)}; }, 3);
  expect_views_survive([](const std::string& text,
                          Emitter<std::string_view>& emit) { emit(std::string_view(text)); },
                       0);
}

class Word {
 public:
  explicit Word(std::string_view text) : text_(text) {}
  std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

TEST(KeptRecords, AClassThatHidesItsViewKeepsTheMemoryToo) {
  for (const int threads : {1, 2}) {
    Counts counts;
    Application app("hidden");
    app.source("texts", generator_source({.count = records, .partitions = 2}, text_of))
        .to("word", [](const std::string& text) { return Word(text); })
        .key_by("text", [](const Word& word) { return word.text(); })
        .to("same", [](const Word& word, int&) { return word; })
        .to_sink("counts", callback_sink([&](const Word& word) { counts.add(word.text()); }));
    Engine engine(app, {.threads = threads});
    engine.start();
    EXPECT_TRUE(engine.wait().ok);
    EXPECT_EQ(counts.counts(), Counts::expected(0)) << threads << " threads";
  }
}

Application endless() {
  Application app("endless");
  app.source("numbers", generator_source({}, [](std::uint64_t index) { return index; }))
      .to_sink("nothing", callback_sink([](std::uint64_t) {}));
  return app;
}

TEST(EngineLife, AStopBeforeTheStartIsRemembered) {
  Engine engine(endless(), {.threads = 2});
  engine.stop();
  engine.start();
  EXPECT_TRUE(engine.wait().ok);
  Engine at_once(endless(), {.threads = 2});
  at_once.stop_now();
  at_once.start();
  EXPECT_TRUE(at_once.wait_for(std::chrono::nanoseconds::max()).has_value());
}

TEST(EngineLife, WaitingForAnEngineThatCouldNotStartTellsWhy) {
  Application app("failing");
  app.source("lines", file_source({.paths = {"/nothing/here"}}, text))
      .to_sink("out", callback_sink([](const std::string&) {}));
  Engine engine(app, {.threads = 1});
  EXPECT_FALSE(engine.wait_for(std::chrono::milliseconds(1)).has_value());
  EXPECT_THROW(engine.start(), IoError);
  const Outcome outcome = engine.wait();
  EXPECT_FALSE(outcome.ok);
  EXPECT_NE(outcome.error.find("/nothing/here"), std::string::npos);
}

TEST(EngineLife, TwoSinksOfOneFileAreRefused) {
  const std::string path = testing::TempDir() + "/two_sinks_of_one_file";
  Application app("twice");
  app.source("numbers",
             generator_source({.count = 3}, [](std::uint64_t i) { return std::to_string(i); }))
      .to_sinks(sink("first", file_sink({.path = path}, line)),
                sink("second", file_sink({.path = path}, line)));
  Engine engine(app, {.threads = 1});
  EXPECT_THROW(engine.start(), ConfigError);
}

TEST(EngineLife, WhatAGeneratorThrowsNamesItsSource) {
  Application app("throwing");
  app.source("numbers", generator_source({},
                                         [](std::uint64_t index) -> int {
                                           if (index == 10) {
                                             throw std::runtime_error("no more");
                                           }
                                           return 0;
                                         }))
      .to_sink("nothing", callback_sink([](int) {}));
  Engine engine(app, {.threads = 1});
  engine.start();
  EXPECT_EQ(engine.wait().error,
            "stage 'numbers' failed on record 10: no more (the stage's error policy is 'stop'; "
            "'skip' or 'dead_letter' go on)");
}

TEST(DeadLetterJson, RecordsCanBeHadBackExactly) {
  EXPECT_EQ(dead_letter_json({"parse", "bad", "a line \"x\"\n", "test, record 1"}),
            "{\"stage\":\"parse\",\"error\":\"bad\",\"origin\":\"test, record 1\","
            "\"encoding\":\"utf-8\",\"record\":\"a line \\\"x\\\"\\n\"}\n");
  EXPECT_EQ(dead_letter_json({"parse", "bad", "\xff", ""}),
            "{\"stage\":\"parse\",\"error\":\"bad\",\"origin\":\"\",\"encoding\":\"latin-1\","
            "\"record\":\"\xc3\xbf\"}\n");
}

// Not inlined, because gcc 12 would then know the size and warn falsely.
[[gnu::noinline]] std::string large_text() { return std::string(64 * 1024, 'x'); }

TEST(Batches, LargeRecordsFillABatchByTheirBytes) {
  // Records have 64 KiB each: a mailbox of 32 batches of 1,024 of them would hold two gigabytes.
  std::atomic<std::int64_t> alive{0};
  std::atomic<std::int64_t> most{0};
  struct Gate {
    std::atomic<std::int64_t>* alive;
    void operator()(const std::string&) { --*alive; }
  };
  Application app("large");
  app.source("texts", generator_source({.count = 4'000},
                                       [&](std::uint64_t) {
                                         const auto now = ++alive;
                                         most = std::max(most.load(), now);
                                         return large_text();
                                       }))
      .key_by("all", [](const std::string&) { return 0; })
      .to("same", [](const std::string& text, int&) { return text; })
      .to_sink("gate", callback_sink(Gate{&alive}));
  Engine engine(app, {.threads = 2});
  engine.start();
  EXPECT_TRUE(engine.wait().ok);
  EXPECT_EQ(alive, 0);
  EXPECT_LT(most, 2'000);
}

}  // namespace
}  // namespace wallaroo
