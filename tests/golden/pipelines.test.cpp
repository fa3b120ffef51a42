// The same pipelines on 1, 2, 3 and 8 threads give the results of a plain loop.
#include <functional>
#include <numeric>
#include <sstream>
#include <string_view>

#include <fmt/format.h>

#include "golden.rig.hpp"

namespace golden {
namespace {

INSTANTIATE_TEST_SUITE_P(Threads, Golden, testing::Values(1, 2, 3, 8));

using wallaroo::Application;
using wallaroo::Emitter;

int key_of(const Event& event) { return event.key; }

// The value becomes the sum of the values of its key so far.
Event running_sum(const Event& event, std::int64_t& sum) {
  Event result = event;
  result.value = sum += event.value;
  return result;
}

// Sums depend on how partitions interleave, but totals do not.
std::map<int, std::int64_t> totals(const std::vector<Event>& records) {
  std::map<int, std::int64_t> result;
  for (const Event& record : records) {
    result[record.key] = std::max(result[record.key], record.value);
  }
  return result;
}
std::map<int, std::int64_t> expected_totals(const std::vector<Event>& records) {
  std::map<int, std::int64_t> result;
  for (const Event& record : records) {
    result[record.key] += record.value;
  }
  return result;
}

std::vector<std::string> some_lines(int count) {
  std::vector<std::string> lines;
  for (int i = 0; i < count; ++i) {
    std::string line;
    for (int word = 0; word < i % 9; ++word) {
      line += fmt::format("{}w{}{}", word == 0 ? "" : " ", i * word % 53,
                          word % 4 == 0 ? "-a-word-that-is-longer-than-sixteen-bytes" : "");
    }
    lines.push_back(line);
  }
  return lines;
}

using WordCount = std::pair<std::string, int>;

std::vector<WordCount> count_words(const std::vector<std::string>& lines) {
  std::map<std::string, int> counts;
  std::vector<WordCount> all;
  for (const std::string& line : lines) {
    std::istringstream words(line);
    for (std::string word; words >> word;) {
      all.emplace_back(word, ++counts[word]);
    }
  }
  return sorted(std::move(all));
}

void split_views(const std::string& line, Emitter<std::string_view>& emit) {
  std::string_view rest = line;
  while (!rest.empty()) {
    const std::size_t space = std::min(rest.find(' '), rest.size());
    emit(rest.substr(0, space));
    rest.remove_prefix(std::min(space + 1, rest.size()));
  }
}
std::vector<std::string> split_strings(const std::string& line) {
  std::istringstream words(line);
  return {std::istream_iterator<std::string>(words), std::istream_iterator<std::string>()};
}

template <class Split, class Word>
void expect_word_count(int threads, Split split, Word) {
  const std::vector<std::string> lines = some_lines(20'000);
  Collected<WordCount> counts;
  Application app("words");
  app.source("lines", wallaroo::memory_source(std::span<const std::string>(lines),
                                              {.partitions = partitions}))
      .to("split", split)
      .key_by("word", std::identity{})
      .to("count",
          [](const Word& word, int& count) { return WordCount(std::string(word), ++count); })
      .to_sink("counts", counts.sink());
  run_well(app, threads);
  EXPECT_EQ(counts.sorted(), count_words(lines));
  std::map<std::string, int> last;
  for (const auto& [word, count] : counts.records()) {
    ASSERT_EQ(count, ++last[word]) << word;
  }
}

TEST_P(Golden, WordCountWithViews) {
  expect_word_count(threads(), split_views, std::string_view());
}
TEST_P(Golden, WordCountWithStrings) { expect_word_count(threads(), split_strings, std::string()); }

TEST_P(Golden, EmittersWithTheirOwnBytesAcrossAnExchange) {
  const std::vector<std::string> lines = some_lines(20'000);
  Collected<WordCount> counts;
  Application app("words");
  // Every second word is made upper case in the arena, the others are views of the input; the stage
  // uses the arena in any case.
  app.source("lines", wallaroo::memory_source(std::span<const std::string>(lines),
                                              {.partitions = partitions}))
      .to("split",
          [turn = 0](const std::string& line, Emitter<std::string_view>& emit) mutable {
            wallaroo::Arena& arena = emit.arena();
            std::string_view rest = line;
            while (!rest.empty()) {
              const std::size_t space = std::min(rest.find(' '), rest.size());
              const std::string_view word = rest.substr(0, space);
              emit(++turn % 2 == 0 ? arena.copy(word) : word);
              rest.remove_prefix(std::min(space + 1, rest.size()));
            }
          })
      .key_by("word", [](std::string_view word) { return word; })
      .to("count",
          [](std::string_view word, int& count) { return WordCount(std::string(word), ++count); })
      .to_sink("counts", counts.sink());
  run_well(app, threads());
  EXPECT_EQ(counts.sorted(), count_words(lines));
}

TEST_P(Golden, AnArenaThatIsFirstUsedLateInABatchKeepsItsBytes) {
  Collected<std::pair<int, std::string>> texts;
  constexpr int count = 50'000;
  std::vector<int> numbers(count);
  std::iota(numbers.begin(), numbers.end(), 0);
  struct Text {
    int number;
    std::string_view text;
  };
  Application app("arena");
  app.source("numbers", wallaroo::memory_source(std::span<const int>(numbers)))
      .to("make",
          [](int number, Emitter<Text>& emit) {
            wallaroo::Arena& arena = emit.arena();
            emit(number % 1024 < 5 ? Text{number, "static"}
                                   : Text{number, arena.copy("made " + std::to_string(number))});
          })
      .key_by("key", &Text::number)
      .to("own", [](const Text& text) { return std::pair(text.number, std::string(text.text)); })
      .to_sink("texts", texts.sink());
  run_well(app, threads());
  ASSERT_EQ(texts.records().size(), numbers.size());
  for (const auto& [number, text] : texts.records()) {
    ASSERT_EQ(text, number % 1024 < 5 ? "static" : "made " + std::to_string(number));
  }
}

TEST_P(Golden, OneKeyedStage) {
  Collected<Event> out;
  Application app("keyed");
  app.source("in", event_source(50'000))
      .key_by("key", key_of)
      .to("sum", running_sum)
      .to_sink("out", out.sink());
  run_well(app, threads());
  EXPECT_EQ(totals(out.records()), expected_totals(events(50'000)));
  expect_order_per_key(out.records(), key_of);
}

TEST_P(Golden, TwoKeyedStages) {
  Collected<Event> out;
  Application app("twice");
  app.source("in", event_source(50'000))
      .key_by("key", &Event::key)
      .to("first",
          [](const Event& event, int& count) {
            ++count;
            return event;
          })
      .key_by("residue", [](const Event& event) { return event.key % 5; })
      .to("second", running_sum)
      .to_sink("out", out.sink());
  run_well(app, threads());
  std::map<int, std::int64_t> result;
  for (const Event& event : out.records()) {
    result[event.key % 5] = std::max(result[event.key % 5], event.value);
  }
  std::map<int, std::int64_t> expected;
  for (const Event& event : events(50'000)) {
    expected[event.key % 5] += event.value;
  }
  EXPECT_EQ(result, expected);
  // Records with equal keys in both exchanges keep their order.
  expect_order_per_key(out.records(), key_of);
}

TEST_P(Golden, KeyByTwiceKeepsTheLastKey) {
  Collected<Event> out;
  Application app("twice");
  app.source("in", event_source(20'000))
      .key_by("other", [](const Event& event) { return event.value; })
      .key_by("key", key_of)
      .to("sum", running_sum)
      .to_sink("out", out.sink());
  run_well(app, threads());
  EXPECT_EQ(totals(out.records()), expected_totals(events(20'000)));
}

TEST_P(Golden, TheKeyOutlivesStagesThatChangeTheRecord) {
  Collected<std::int64_t> out;
  Application app("changed");
  app.source("in", event_source(20'000))
      .key_by("key", [](const Event& event) { return "key " + std::to_string(event.key); })
      .to("value", [](const Event& event) { return event.value; })
      .to("sum", [](std::int64_t value, std::int64_t& sum) { return sum += value; })
      .to_sink("out", out.sink());
  run_well(app, threads());
  std::multiset<std::int64_t> expected;
  for (const auto& [key, total] : expected_totals(events(20'000))) {
    expected.insert(total);
  }
  const std::vector<std::int64_t> all = out.sorted();
  EXPECT_EQ(all.size(), 20'000U);
  EXPECT_EQ(all.back(), *expected.rbegin());
}

TEST_P(Golden, MergeOfUnkeyedStreams) {
  Collected<Event> out;
  Application app("merge");
  const auto a = app.source("a", event_source(10'000));
  const auto b = app.source("b", event_source(10'000));
  a.merge(b).to("same", [](const Event& event) { return event; }).to_sink("out", out.sink());
  run_well(app, threads());
  auto expected = events(10'000);
  expected.insert(expected.end(), expected.begin(), expected.begin() + 10'000);
  EXPECT_EQ(out.sorted(), sorted(expected));
}

TEST_P(Golden, MergeOfKeyedStreamsSharesTheState) {
  Collected<Event> out;
  Application app("merge");
  const auto a = app.source("a", event_source(20'000)).key_by("key a", key_of);
  const auto b = app.source("b", event_source(30'000)).key_by("key b", key_of);
  a.merge(b).to("sum", running_sum).to_sink("out", out.sink());
  run_well(app, threads());
  auto expected = expected_totals(events(20'000));
  for (const auto& [key, total] : expected_totals(events(30'000))) {
    expected[key] += total;
  }
  EXPECT_EQ(totals(out.records()), expected);
  EXPECT_EQ(out.records().size(), 50'000U);
}

TEST_P(Golden, MergeOfAStreamWithItself) {
  Collected<Event> out;
  Application app("merge");
  const auto a = app.source("a", event_source(5'000));
  a.merge(a).to_sink("out", out.sink());
  run_well(app, threads());
  auto expected = events(5'000);
  expected.insert(expected.end(), expected.begin(), expected.begin() + 5'000);
  EXPECT_EQ(out.sorted(), sorted(expected));
}

TEST_P(Golden, MergeOfStreamsThatRunOnDifferentExecutors) {
  Collected<Event> out;
  Application app("merge");
  const auto same = [](const Event& event) { return event; };
  const wallaroo::Stream<Event> a = app.source("a", event_source(5'000)).collect().to("x", same);
  const wallaroo::Stream<Event> b = app.source("b", event_source(5'000)).collect().to("y", same);
  a.merge(b).to("z", same).to_sink("out", out.sink());
  run_well(app, threads());
  EXPECT_EQ(out.records().size(), 10'000U);
}

TEST_P(Golden, AStreamInAVariableGivesEveryUseEveryRecord) {
  Collected<Event> plain;
  Collected<Event> summed;
  Collected<std::int64_t> values;
  Application app("fan out");
  const auto stream =
      app.source("in", event_source(20'000)).to("same", [](const Event& event) { return event; });
  stream.to_sink("plain", plain.sink());
  stream.key_by("key", key_of).to("sum", running_sum).to_sink("summed", summed.sink());
  stream.to("value", [](const Event& event) { return event.value; })
      .to_sink("values", values.sink());
  run_well(app, threads());
  EXPECT_EQ(plain.sorted(), sorted(events(20'000)));
  EXPECT_EQ(totals(summed.records()), expected_totals(events(20'000)));
  EXPECT_EQ(values.records().size(), 20'000U);
}

TEST_P(Golden, AKeyedStreamInAVariableGivesEveryUseEveryRecord) {
  Collected<Event> first;
  Collected<Event> second;
  Application app("fan out");
  const auto keyed = app.source("in", event_source(20'000)).key_by("key", key_of);
  keyed.to("sum", running_sum).to_sink("first", first.sink());
  keyed.to("sum too", running_sum).to_sink("second", second.sink());
  run_well(app, threads());
  EXPECT_EQ(totals(first.records()), expected_totals(events(20'000)));
  EXPECT_EQ(totals(second.records()), expected_totals(events(20'000)));
  expect_order_per_key(first.records(), key_of);
}

TEST_P(Golden, SeveralSinksOfOneStreamGetTheSameInTheSameOrder) {
  Collected<Event> first;
  Collected<Event> second;
  Application app("sinks");
  app.source("in", event_source(20'000))
      .key_by("key", key_of)
      .to("sum", running_sum)
      .to_sinks(wallaroo::sink("first", first.sink()), wallaroo::sink("second", second.sink()));
  run_well(app, threads());
  EXPECT_EQ(first.records(), second.records());
  EXPECT_EQ(totals(first.records()), expected_totals(events(20'000)));
}

TEST_P(Golden, CollectBringsAllRecordsToOneState) {
  Collected<std::uint64_t> out;
  Application app("collect");
  app.source("in", event_source(20'000))
      .key_by("key", key_of)
      .to("sum", running_sum)
      .collect()
      .to("count", [](const Event&, std::uint64_t& count) { return ++count; })
      .to_sink("out", out.sink());
  run_well(app, threads());
  std::vector<std::uint64_t> expected(20'000);
  std::iota(expected.begin(), expected.end(), 1);
  EXPECT_EQ(out.records(), expected);
}

TEST_P(Golden, StateBeforeAnyKeyIsOneForTheStage) {
  Collected<std::int64_t> out;
  Application app("unkeyed");
  app.source("in", event_source(20'000))
      .to("sum", [](const Event& event, std::int64_t& sum) { return sum += event.value; })
      .to_sink("out", out.sink());
  run_well(app, threads());
  std::int64_t expected = 0;
  for (const Event& event : events(20'000)) {
    expected += event.value;
  }
  EXPECT_EQ(out.records().back(), expected);
  EXPECT_TRUE(std::is_sorted(out.records().begin(), out.records().end()));
}

TEST_P(Golden, UnkeyedStagesKeepTheOrderOfEachPartition) {
  Collected<Event> out;
  Application app("order");
  app.source("in", event_source(30'000))
      .to("some",
          [](const Event& event) {
            return event.value % 2 == 0 ? std::optional(event) : std::nullopt;
          })
      .to_sink("out", out.sink());
  run_well(app, threads());
  expect_order_per_key(out.records(), [](const Event&) { return 0; });
}

TEST_P(Golden, EmptyInputEndsEverywhere) {
  const std::vector<Event> none;
  Collected<Event> out;
  Application app("empty");
  app.source("in", wallaroo::memory_source(std::span<const Event>(none)))
      .key_by("key", key_of)
      .to("sum", running_sum)
      .to_sink("out", out.sink());
  run_well(app, threads());
  EXPECT_TRUE(out.records().empty());
}

TEST_P(Golden, OneApplicationRunsOnSeveralEnginesAtOnce) {
  auto received = std::make_shared<std::atomic<int>>(0);
  Application app("several");
  app.source("in", event_source(10'000))
      .key_by("key", key_of)
      .to("sum", running_sum)
      .to_sink("out",
               wallaroo::concurrent_callback_sink([received](const Event&) { ++*received; }));
  wallaroo::Engine first(app, {.threads = threads()});
  wallaroo::Engine second(app, {.threads = threads()});
  first.start();
  second.start();
  EXPECT_TRUE(first.wait().ok);
  EXPECT_TRUE(second.wait().ok);
  EXPECT_EQ(*received, 20'000);
}

}  // namespace
}  // namespace golden
