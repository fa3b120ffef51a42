#include "plan/plan.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <wallaroo/application.hpp>
#include <wallaroo/codecs.hpp>

namespace wallaroo::internal {
namespace {

auto numbers() {
  return generator_source({.count = 10},
                          [](std::uint64_t index) { return static_cast<int>(index); });
}
auto nothing() {
  return concurrent_callback_sink([](const auto&) {});
}
auto letters() {
  return concurrent_callback_sink([](const DeadLetter&) {});
}
auto file() {
  return file_sink({.path = "-"}, [](int) { return "x\n"; });
}
int same(int n) { return n; }
int sum(int n, int& total) { return total += n; }
constexpr auto identity = [](int n) { return n; };

std::string mistakes(const Application& app) {
  try {
    const Plan plan(app.graph(), 2);
    return "";
  } catch (const ConfigError& error) {
    return error.what();
  }
}
void expect_mistake(const Application& app, const std::string& text) {
  EXPECT_NE(mistakes(app).find(text), std::string::npos) << mistakes(app);
}

TEST(Mistakes, APlainPipelineHasNone) {
  Application app("app");
  app.source("in", numbers()).to("same", same).to_sink("out", nothing());
  EXPECT_EQ(mistakes(app), "");
}

TEST(Mistakes, AnApplicationWithoutAPipeline) {
  expect_mistake(Application("app"), "the application has no pipeline: start one with app.source");
}

TEST(Mistakes, TheSameNameTwiceAlsoInDifferentPipelines) {
  Application app("app");
  app.source("a", numbers()).to("count", same).to_sink("out", nothing());
  app.source("b", numbers()).to("count", same).to_sink("out2", nothing());
  expect_mistake(app, "two stages are named 'count' (in pipelines 'a' and 'b')");
}

TEST(Mistakes, AnEmptyName) {
  Application app("app");
  app.source("a", numbers()).to("", same).to_sink("out", nothing());
  expect_mistake(app, "a stage of pipeline 'a' has an empty name");
}

TEST(Mistakes, AllOfThemAreListed) {
  Application app("app");
  app.source("a", numbers());
  app.source("b", numbers()).to("x", same);
  expect_mistake(app, "pipeline 'a' ends at stage 'a' without a sink");
  expect_mistake(app, "pipeline 'b' ends at stage 'x' without a sink: add .to_sink(...)");
}

TEST(Mistakes, AKeyedStreamThatGoesNowhere) {
  Application app("app");
  app.source("a", numbers()).key_by("key", identity);
  expect_mistake(app, "ends at stage 'key' without a sink");
}

TEST(Mistakes, AStageAfterASharedStreamThatGoesNowhere) {
  Application app("app");
  const auto stream = app.source("a", numbers()).to("x", same);
  stream.to_sink("out", nothing());
  stream.to("y", same);
  expect_mistake(app, "ends at stage 'y' without a sink");
}

TEST(Mistakes, ACollectedStreamThatGoesNowhere) {
  Application app("app");
  app.source("a", numbers()).collect();
  expect_mistake(app, "a stream made from stage 'a'");
  expect_mistake(app, "goes nowhere");
}

TEST(Mistakes, AMergedStreamThatGoesNowhere) {
  Application app("app");
  const auto a = app.source("a", numbers());
  const auto b = app.source("b", numbers());
  a.to_sink("out", nothing());
  a.merge(b);
  expect_mistake(app, "goes nowhere");
}

TEST(Mistakes, ANamedStreamThatGoesNowhere) {
  Application app("app");
  const Stream<int> stream = app.source("a", numbers()).to("x", same);
  expect_mistake(app, "a stream made from stage 'x'");
}

TEST(Mistakes, AStreamThatIsUsedAfterItWasMovedIntoAChain) {
  const std::string expected =
      "the stream after stage 'a' was moved into a chain and is used once more";
  {
    Application app("app");
    auto stream = app.source("a", numbers());
    std::move(stream).to("x", same).to_sink("out", nothing());
    stream.to("y", same).to_sink("out2", nothing());  // NOLINT: the mistake
    expect_mistake(app, expected);
  }
  {
    Application app("app");
    auto stream = app.source("a", numbers());
    stream.to("y", same).to_sink("out2", nothing());
    std::move(stream).to("x", same).to_sink("out", nothing());
    expect_mistake(app, expected);
  }
  {
    Application app("app");
    auto stream = app.source("a", numbers());
    std::move(stream).key_by("x", identity).to_sink("out", nothing());
    stream.collect().to_sink("out2", nothing());  // NOLINT: the mistake
    expect_mistake(app, expected);
  }
  {
    Application app("app");
    auto stream = app.source("b", numbers()).collect().to("a", same);
    std::move(stream).collect().to_sink("out", nothing());
    stream.to_sink("out2", nothing());  // NOLINT: the mistake
    expect_mistake(app, expected);
  }
}

TEST(Mistakes, AStreamThatIsUsedAfterItWasMovedIntoASink) {
  const std::string expected = "the stream after stage 'a' was moved into a chain";
  {
    Application app("app");
    auto stream = app.source("a", numbers());
    std::move(stream).to_sink("out", nothing());
    stream.to_sink("out2", nothing());  // NOLINT: the mistake
    expect_mistake(app, expected);
  }
  {
    Application app("app");
    auto stream = app.source("a", numbers());
    stream.to_sink("out2", nothing());
    std::move(stream).to_sinks(sink("out", nothing()));
    expect_mistake(app, expected);
  }
}

TEST(Mistakes, AKeyedStreamMayBeUsedSeveralTimes) {
  Application app("app");
  const auto keyed = app.source("a", numbers()).key_by("key", identity);
  keyed.to("x", sum).to_sink("out", nothing());
  keyed.to("y", sum).to_sink("out2", nothing());
  EXPECT_EQ(mistakes(app), "");
}

TEST(Mistakes, AKeyedStreamMayBeMergedAndUsedOtherwise) {
  Application app("app");
  const auto a = app.source("a", numbers()).key_by("key a", identity);
  const auto b = app.source("b", numbers()).key_by("key b", identity);
  a.merge(b).to("both", sum).to_sink("out", nothing());
  a.to("alone", sum).to_sink("out2", nothing());
  b.merge(a).to("again", sum).to_sink("out3", nothing());
  EXPECT_EQ(mistakes(app), "");
}

TEST(Mistakes, AKeyedStreamThatIsMergedAfterItWasMovedIntoAChain) {
  Application app("app");
  auto a = app.source("a", numbers()).key_by("key a", identity);
  const auto b = app.source("b", numbers()).key_by("key b", identity);
  std::move(a).to("x", sum).to_sink("out", nothing());
  b.merge(a).to("both", sum).to_sink("out2", nothing());  // NOLINT: the mistake
  expect_mistake(app, "the stream after stage 'key a' was moved into a chain");
}

TEST(Mistakes, DeadLettersWithoutASink) {
  Application app("app");
  app.source("a", numbers())
      .to("x", same, {.on_error = OnError::dead_letter})
      .to_sink("out", nothing());
  expect_mistake(app,
                 "stage 'x' sends failed records to the dead letters, but the application has no "
                 "sink for them: add app.dead_letters(\"dead\").to_sink(...)");
}

TEST(Mistakes, AHandlerOfDeadLettersThatMakesNewOnes) {
  Application app("app");
  app.dead_letters("dead")
      .to("handle", [](const DeadLetter& letter) { return letter; },
          {.on_error = OnError::dead_letter})
      .to_sink("out", letters());
  expect_mistake(app, "stage 'handle' handles dead letters and cannot make new ones");
}

TEST(Mistakes, AHandlerOfMergedDeadLettersThatMakesNewOnes) {
  Application app("app");
  const auto dead = app.dead_letters("dead");
  const auto more =
      app.source("a", generator_source({.count = 1}, [](std::uint64_t) { return DeadLetter{}; }));
  more.merge(dead)
      .to("handle", [](const DeadLetter& letter) { return letter; },
          {.on_error = OnError::dead_letter})
      .to_sink("out", letters());
  expect_mistake(app, "stage 'handle' handles dead letters and cannot make new ones");
}

TEST(Mistakes, SeveralStreamsOfDeadLetters) {
  Application app("app");
  app.dead_letters("dead").to_sink("out", letters());
  app.dead_letters("dead2").to_sink("out2", letters());
  expect_mistake(app, "there are several streams of dead letters ('dead', 'dead2')");
}

TEST(Mistakes, AMergeOfTwoApplications) {
  Application one("one");
  Application two("two");
  const auto a = one.source("a", numbers());
  const auto b = two.source("b", numbers());
  EXPECT_THROW(a.merge(b), ConfigError);
}

TEST(Plan, TheApplicationMayChangeOrEndAfterThePlanIsMade) {
  std::optional<Application> app("app");
  app->source("a", numbers()).to_sink("out", nothing());
  const Plan plan(app->graph(), 1);
  const StageInfo* const first = &plan.stages()[StageId(0)];
  for (int i = 0; i < 100; ++i) {
    app->source("more" + std::to_string(i), numbers());
  }
  app.reset();
  EXPECT_EQ(plan.stages().size(), 2U);
  EXPECT_EQ(first->name, "a");
}

NodeId node_of(const Plan& plan, const std::string& stage) {
  for (const NodeId id : plan.nodes().ids()) {
    for (const StageId each : plan.nodes()[id].stages) {
      if (plan.stages()[each].name == stage) {
        return id;
      }
    }
  }
  throw std::logic_error("no stage " + stage);
}

// A forward edge stays on its executor, so its two ends must have an instance there.
void expect_edges_connect(const Plan& plan) {
  for (const Edge& edge : plan.edges()) {
    for (int executor = 0; executor < plan.executors(); ++executor) {
      if (edge.kind == EdgeKind::forward && plan.runs_on(edge.from, executor)) {
        EXPECT_TRUE(plan.runs_on(edge.to, executor))
            << edge.from.index() << " to " << edge.to.index();
      }
    }
    EXPECT_GT(plan.placement(edge.to).rank, plan.placement(edge.from).rank);
  }
}

TEST(Plan, KeyedStagesRunEverywhereAndCollectedOnesOnOneExecutor) {
  Application app("app");
  app.source("in", numbers())
      .key_by("key", identity)
      .to("everywhere", sum)
      .collect()
      .to("one", sum)
      .to("same one", same)
      .to_sink("out", nothing());
  const Plan plan(app.graph(), 4);
  EXPECT_TRUE(plan.placement(node_of(plan, "in")).everywhere);
  EXPECT_TRUE(plan.placement(node_of(plan, "everywhere")).everywhere);
  EXPECT_FALSE(plan.placement(node_of(plan, "one")).everywhere);
  EXPECT_EQ(node_of(plan, "one"), node_of(plan, "same one"));
  EXPECT_EQ(node_of(plan, "one"), node_of(plan, "out"));
  expect_edges_connect(plan);
}

TEST(Plan, StateBeforeAnyKeyIsOnOneExecutor) {
  Application app("app");
  app.source("in", numbers()).to("sum", sum).to_sink("out", nothing());
  const Plan plan(app.graph(), 4);
  EXPECT_FALSE(plan.placement(node_of(plan, "sum")).everywhere);
}

TEST(Plan, AMergeOfStreamsFromDifferentExecutorsReachesBoth) {
  Application app("app");
  const Stream<int> a = app.source("a", numbers()).collect().to("x", same);
  const Stream<int> b = app.source("b", numbers()).collect().to("y", same);
  a.merge(b).to("after", same).to_sink("out", nothing());
  expect_edges_connect(Plan(app.graph(), 1));
  expect_edges_connect(Plan(app.graph(), 2));
  expect_edges_connect(Plan(app.graph(), 3));
}

TEST(Plan, AMergeOfOneExecutorsStreamsAndSpreadOnesReachesAll) {
  Application app("app");
  const Stream<int> a = app.source("a", numbers()).collect().to("x", same);
  const auto b = app.source("b", numbers());
  a.merge(b).to("after", same).to_sink("out", nothing());
  expect_edges_connect(Plan(app.graph(), 3));
}

TEST(Plan, ExplainsWordCount) {
  Application app("words");
  app.source("in", numbers())
      .to("split", same)
      .key_by("key", identity)
      .to("count", sum)
      .to_sink("out", file());
  EXPECT_EQ(Plan(app.graph(), 2).explain("words"),
            "application words: 2 executors, 256 key groups\n"
            "  segment 0: in [source] -> split [computation] -> key [key_by]\n"
            "    runs on every executor (2)\n"
            "    fused: 3 stages in one loop\n"
            "    => segment 2: exchange (by key)\n"
            "  segment 2: count [state] -> out [sink]\n"
            "    runs on every executor (2)\n"
            "    fused: 2 stages in one loop\n"
            "    => writer 1: gather (to one executor)\n"
            "  writer  1: out [sink]\n"
            "    runs on executor 1 only\n");
}

Application two_singles() {
  Application app("words");
  const auto stream = app.source("in", numbers()).to("x", same);
  stream.to_sink("a", nothing());
  stream.to_sink("b", file());
  stream.collect().to("after", same).to_sink("c", nothing());
  return app;
}

TEST(Plan, ExplainsOnWhichWorkerANodeRuns) {
  const Plan plan(two_singles().graph(), Members{{{"A", 2}, {"B", 1}}, {{"b", 2}}});
  EXPECT_EQ(plan.executors(), 3);
  const std::string text = plan.explain("words");
  for (const char* const each :
       {"application words: 3 executors, 256 key groups\n  worker A: 2 executors\n  worker B: 1 "
        "executor\n",
        "runs on every executor (3)\n", "runs on executor 0 of worker 'B' only\n"}) {
    EXPECT_NE(text.find(each), std::string::npos) << each << text;
  }
}

TEST(Plan, NodesThatRunOnOneExecutorHaveNamesAndMayHaveHomes) {
  const Application app = two_singles();
  const Plan plain(app.graph(), 1);
  ASSERT_GE(plain.singles().size(), 2U);
  for (const std::string& name : plain.singles()) {
    for (int home = 0; home < 3; ++home) {
      const Plan plan(app.graph(), Members{{{"A", 1}, {"B", 2}}, {{name, home}}});
      EXPECT_EQ(plan.singles(), plain.singles()) << "they follow from the graph alone";
      int there = 0;
      for (const NodeId node : plan.nodes().ids()) {
        const Plan::Placement& placement = plan.placement(node);
        there += !placement.everywhere && placement.executor == home ? 1 : 0;
      }
      EXPECT_GE(there, 1) << name;
    }
  }
}

TEST(Plan, AnExecutorOfAllBelongsToAWorker) {
  const Members members{{{"A", 2}, {"B", 1}, {"C", 3}}, {}};
  EXPECT_EQ(members.executors(), 6);
  const std::vector<std::pair<std::size_t, int>> wanted{{0, 0}, {0, 1}, {1, 0},
                                                        {2, 0}, {2, 1}, {2, 2}};
  for (int executor = 0; executor < 6; ++executor) {
    const Seat seat = seat_of(members, executor);
    EXPECT_EQ(std::pair(seat.member, seat.executor), wanted[static_cast<std::size_t>(executor)]);
  }
}

TEST(Plan, ExplainsSegmentsWithoutAStage) {
  Application app("unnamed");
  const auto a = app.source("a", numbers()).key_by("key a", identity);
  const auto b = app.source("b", numbers()).key_by("key b", identity);
  const auto both = a.merge(b);
  both.to_sink("out", nothing());
  both.collect().collect().merge(app.source("c", numbers())).to_sink("out2", nothing());
  const auto one = app.source("d", numbers()).collect();
  one.to_sink("out3", nothing());
  one.to_sink("out4", nothing());
  const std::string text = Plan(app.graph(), 1).explain("unnamed");
  for (const char* const each : {": pass-through of key a\n", ": pass-through of key b\n",
                                 ": merge of key a and key b\n", ": collect of d\n"}) {
    EXPECT_NE(text.find(each), std::string::npos) << each << text;
  }
  EXPECT_EQ(text.find(": \n"), std::string::npos) << text;
}

TEST(Plan, ExplainsSharedStreamsAndDeadLetters) {
  Application app("shared");
  const auto stream = app.source("in", numbers()).to("x", same, {.on_error = OnError::dead_letter});
  stream.to_sink("a", nothing());
  stream.to_sink("b", nothing());
  app.dead_letters("dead").to_sink("bin", letters());
  const std::string text = Plan(app.graph(), 1).explain("shared");
  EXPECT_NE(text.find("=> segment 1: forward (same executor)\n"
                      "    => segment 2: forward (same executor)\n"
                      "    => segment 3: dead letters\n"),
            std::string::npos)
      << text;
}

}  // namespace
}  // namespace wallaroo::internal
