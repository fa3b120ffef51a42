// Pipelines that are made at run time give what typed ones give.

#include "plan/dynamic_pipelines.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <wallaroo/testing.hpp>
#include <wallaroo/wallaroo.hpp>

#include "app/application_access.hpp"
#include "source/generated/queue_source.hpp"
#include "step/steps/event_time_step.hpp"
#include "step/steps/window_step.hpp"

namespace wallaroo::internal {
namespace {

/// A record of any of several languages' values: a text and a number, and marks.
struct Value {
  std::string text;
  std::int64_t number = 0;
  int side = 0;
  bool late = false;
};

/// Counts how many guards are open, and how many were opened.
struct CountingScope {
  CountingScope() {
    ++depth;
    ++opened;
  }
  ~CountingScope() { --depth; }
  CountingScope(const CountingScope&) = delete;
  CountingScope& operator=(const CountingScope&) = delete;
  static thread_local int depth;
  static std::atomic<int> opened;
};
thread_local int CountingScope::depth = 0;
std::atomic<int> CountingScope::opened{0};

struct ValueTraits {
  using Record = Value;
  using Key = std::string;
  using Scope = CountingScope;
  static int side_of(const Value& value) { return value.side; }
  static Value late(Value value) {
    value.late = true;
    return value;
  }
  static Value of(internal::CarriedLetter&& carried) {
    return {std::move(carried.letter.stage), 0};
  }
};

struct Split {
  void operator()(const Value& line, Emitter<Value>& out) const {
    EXPECT_GT(CountingScope::depth, 0);
    std::string word;
    for (const char c : line.text + " ") {
      if (c != ' ') {
        word += c;
      } else if (!word.empty()) {
        out.emit({std::exchange(word, {}), line.number});
      }
    }
  }
};
struct WordOf {
  const std::string& operator()(const Value& value) const { return value.text; }
};
struct Total {
  std::int64_t count = 0;
};
struct Count {
  std::optional<Value> operator()(const Value& word, Total& total) const {
    EXPECT_GT(CountingScope::depth, 0);
    if (word.text == "bad") {
      throw std::invalid_argument("a bad word");
    }
    return Value{word.text, ++total.count};
  }
};
struct LineDecoder {
  std::optional<Value> operator()(std::string_view frame) const {
    return frame.empty() ? std::nullopt : std::optional(Value{std::string(frame), 0});
  }
};
struct LineEncoder {
  bool operator()(const Value& value, ByteWriter& out) const {
    if (value.text == "silent") {
      return false;
    }
    out.append(value.text).append(' ').decimal(value.number).append('\n');
    return true;
  }
};

using Pipelines = DynamicPipelines<ValueTraits>;
using Split1 = ComputationStep<Split, Value, std::string>;
using Count1 = ComputationStep<Count, Value, std::string>;

StreamId lines(Pipelines& pipelines, const std::string& name = "lines") {
  return pipelines.source(
      {name}, {tcp_source_factory({.listen = "127.0.0.1:0"}),
               [](StageId stage) { return frame_head<ValueTraits>(stage, LineDecoder{}); }, true});
}
StreamId words(Pipelines& pipelines, StreamId from, const std::string& name = "split") {
  return pipelines.step<Split1>(from, {name}, StageKind::computation, [](StageId stage) {
    return Split1::Spec{stage, Split{}};
  });
}
StreamId counted(Pipelines& pipelines, StreamId from, const std::string& name = "count",
                 OnError on_error = OnError::stop) {
  return pipelines.step<Count1>(from, {name, on_error}, StageKind::state_computation,
                                [](StageId stage) {
                                  return Count1::Spec{stage, Count{}};
                                });
}
DynamicSink<ValueTraits> output(const std::string& name) {
  using Terminal = EncodeTerminal<Value, LineEncoder>;
  return {{name},
          [](StageId stage) {
            return end_factory<ValueTraits, Terminal>({stage, {}});
          },
          file_sink_factory({.path = "/dev/null"})};
}

class DynamicPipelinesTest : public ::testing::TestWithParam<int> {
 protected:
  Application application{"dynamic"};
  Pipelines pipelines{ApplicationAccess::graph(application)};

  std::unique_ptr<wallaroo::testing::Harness> harness() {
    pipelines.lower();
    wallaroo::testing::HarnessOptions options;
    options.executors = GetParam();
    return std::make_unique<wallaroo::testing::Harness>(application, options);
  }
  static std::vector<std::string> sorted(std::vector<std::string> records) {
    std::sort(records.begin(), records.end());
    return records;
  }
};

TEST_P(DynamicPipelinesTest, AWordCountGivesWhatTheTypedOneGives) {
  const auto keyed = pipelines.key_by(words(pipelines, lines(pipelines)), {"word"}, WordOf{});
  pipelines.sinks(counted(pipelines, keyed), {output("totals")});
  const auto test = harness();
  test->send("lines", "a b a");
  test->send("lines", "");
  test->send("lines", "b a");
  EXPECT_EQ(sorted(test->output("totals")),
            (std::vector<std::string>{"a 1\n", "a 2\n", "a 3\n", "b 1\n", "b 2\n"}));
}

TEST_P(DynamicPipelinesTest, AStreamThatIsUsedTwiceGivesEveryRecordToBoth) {
  const auto all = words(pipelines, lines(pipelines));
  pipelines.sinks(all, {output("words")});
  pipelines.sinks(counted(pipelines, pipelines.key_by(all, {"word"}, WordOf{})),
                  {output("totals"), output("again")});
  const auto test = harness();
  test->send("lines", "a a");
  EXPECT_EQ(test->output("words"), (std::vector<std::string>{"a 0\n", "a 0\n"}));
  EXPECT_EQ(test->output("totals"), (std::vector<std::string>{"a 1\n", "a 2\n"}));
  EXPECT_EQ(test->output("again"), (std::vector<std::string>{"a 1\n", "a 2\n"}));
}

TEST_P(DynamicPipelinesTest, StreamsAreMergedBeforeAndAfterTheirKeys) {
  const auto left = words(pipelines, lines(pipelines, "left"), "split left");
  const auto right = words(pipelines, lines(pipelines, "right"), "split right");
  pipelines.sinks(pipelines.merge({left, right}), {output("all")});
  const auto both = pipelines.merge({pipelines.key_by(left, {"left word"}, WordOf{}),
                                     pipelines.key_by(right, {"right word"}, WordOf{})});
  pipelines.sinks(counted(pipelines, both), {output("totals")});
  const auto test = harness();
  test->send("left", "x");
  test->send("right", "x y");
  EXPECT_EQ(test->output("all").size(), 3U);
  EXPECT_EQ(sorted(test->output("totals")), (std::vector<std::string>{"x 1\n", "x 2\n", "y 1\n"}));
}

TEST_P(DynamicPipelinesTest, StateGoesOnFromACheckpoint) {
  const auto describe = [](Application& made) {
    Pipelines described(ApplicationAccess::graph(made));
    const auto keyed = described.key_by(words(described, lines(described)), {"word"}, WordOf{});
    described.sinks(counted(described, keyed), {output("totals")});
    described.lower();
  };
  describe(application);
  wallaroo::testing::HarnessOptions options;
  options.executors = GetParam();
  wallaroo::testing::Harness before(application, options);
  before.send("lines", "a b a");
  options.restore = before.checkpoint();
  Application second("dynamic");
  describe(second);
  wallaroo::testing::Harness after(second, options);
  after.send("lines", "a b");
  EXPECT_EQ(sorted(after.output("totals")), (std::vector<std::string>{"a 3\n", "b 2\n"}));
}

TEST_P(DynamicPipelinesTest, AFailedRecordBecomesADeadLetter) {
  const auto keyed = pipelines.key_by(words(pipelines, lines(pipelines)), {"word"}, WordOf{});
  pipelines.sinks(counted(pipelines, keyed, "count", OnError::dead_letter), {output("totals")});
  pipelines.sinks(pipelines.dead_letters("dead"), {output("dead letters")});
  const auto test = harness();
  test->send("lines", "a bad a");
  EXPECT_EQ(test->output("totals"), (std::vector<std::string>{"a 1\n", "a 2\n"}));
  EXPECT_EQ(test->output("dead letters"), (std::vector<std::string>{"count 0\n"}));
}

TEST_P(DynamicPipelinesTest, AnEncoderMayWriteNothing) {
  pipelines.sinks(words(pipelines, lines(pipelines)), {output("words")});
  const auto test = harness();
  test->send("lines", "a silent b");
  EXPECT_EQ(test->output("words"), (std::vector<std::string>{"a 0\n", "b 0\n"}));
}

TEST_P(DynamicPipelinesTest, MetricsCountTheRecordsOfEveryStage) {
  const auto keyed = pipelines.key_by(words(pipelines, lines(pipelines)), {"word"}, WordOf{});
  pipelines.sinks(counted(pipelines, keyed), {output("totals")});
  const auto test = harness();
  test->send("lines", "a b");
  const std::string metrics = test->metrics_text();
  std::map<std::string, int> out;
  for (const auto* const stage : {"lines", "split", "word", "count"}) {
    std::size_t at = 0;
    const std::string wanted = std::string("stage=\"") + stage + "\"";
    const std::string name = "wallaroo_stage_records_out_total";
    while ((at = metrics.find("\n" + name + "{", at)) != std::string::npos) {
      const std::size_t end = metrics.find('\n', at + 1);
      const std::string line = metrics.substr(at + 1, end - at - 1);
      if (line.find(wanted) != std::string::npos) {
        out[stage] += std::stoi(line.substr(line.rfind(' ')));
      }
      at = end;
    }
  }
  EXPECT_EQ(out,
            (std::map<std::string, int>{{"lines", 1}, {"split", 2}, {"word", 2}, {"count", 2}}));
}

/// Takes a while for each word, and notes how many words came within one scope.
struct Linger {
  static std::vector<int> words_of_scopes;
  static int scope;

  std::optional<Value> operator()(const Value& word, Total& total) const {
    if (std::exchange(scope, CountingScope::opened.load()) != CountingScope::opened.load()) {
      words_of_scopes.push_back(0);
    }
    ++words_of_scopes.back();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return Value{word.text, ++total.count};
  }
};
std::vector<int> Linger::words_of_scopes;
int Linger::scope = 0;

using Linger1 = ComputationStep<Linger, Value, std::string>;

TEST_P(DynamicPipelinesTest, ASlowFunctionIsGivenNoMoreOfABatchThanTwoMilliseconds) {
  const auto keyed = pipelines.key_by(words(pipelines, lines(pipelines)), {"word"}, WordOf{});
  const auto slow =
      pipelines.step<Linger1>(keyed, {"linger"}, StageKind::state_computation, [](StageId stage) {
        return Linger1::Spec{stage, Linger{}};
      });
  pipelines.sinks(slow, {output("totals")});
  const auto test = harness();
  std::string line;
  std::vector<std::string> expected;
  for (int i = 0; i < 60; ++i) {
    line += "a ";
    expected.push_back("a " + std::to_string(i + 1) + "\n");
  }
  Linger::words_of_scopes = {};
  test->send("lines", line);
  EXPECT_EQ(test->output("totals"), expected);
  EXPECT_GE(Linger::words_of_scopes.size(), 20U);
  EXPECT_LE(*std::max_element(Linger::words_of_scopes.begin(), Linger::words_of_scopes.end()), 4);
}

INSTANTIATE_TEST_SUITE_P(Executors, DynamicPipelinesTest, ::testing::Values(1, 2));

}  // namespace
}  // namespace wallaroo::internal
