#include "ui/plan/plan_json.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include <wallaroo/application.hpp>
#include <wallaroo/codecs.hpp>

namespace wallaroo::internal {
namespace {

int same(int n) { return n; }
int sum(int n, int& total) { return total += n; }
constexpr auto identity = [](int n) { return n; };

auto numbers() {
  return generator_source({.count = 10},
                          [](std::uint64_t index) { return static_cast<int>(index); });
}
auto file() {
  return file_sink({.path = "-"}, [](int) { return "x\n"; });
}
auto nothing() {
  return concurrent_callback_sink([](const auto&) {});
}

PlanView view_of(const Application& app, int executors = 2) {
  return make_plan_view(Plan(app.graph(), executors));
}

/// Edges as "from kind to", sorted.
std::vector<std::string> edges_of(const PlanView& view) {
  std::vector<std::string> texts;
  for (const ViewEdge& edge : view.edges) {
    const auto name = [&](std::size_t id) {
      const ViewNode& node = view.nodes[id];
      return node.is_stage() ? node.name : node.kind;
    };
    texts.push_back(name(edge.from) + " " + edge.kind + " " + name(edge.to));
  }
  std::sort(texts.begin(), texts.end());
  return texts;
}

using Edges = std::vector<std::string>;

TEST(PlanView, AStageIsANodeAndItsEncoderIsPartOfTheSink) {
  Application app("words");
  app.source("lines", numbers())
      .to("split", same)
      .key_by("word", identity)
      .to("count", sum)
      .to_sink("totals", file());
  const PlanView view = view_of(app);
  EXPECT_EQ(edges_of(view), (Edges{"count gather totals", "lines fused split", "split fused word",
                                   "word exchange count"}));
  const ViewNode& sink = view.nodes[view.find("totals").value()];
  EXPECT_EQ(sink.kind, "sink");
  EXPECT_FALSE(sink.everywhere);
  ASSERT_EQ(sink.encoders.size(), 1U);
  EXPECT_NE(sink.encoders.front(), sink.segment);
  EXPECT_EQ(sink.encoders.front(), view.nodes[view.find("count").value()].segment);
  EXPECT_EQ(view.stages_of(sink.encoders.front()), (Edges{"count", "totals"}));
}

TEST(PlanView, SinksThatAreFunctionsEndTheirSegment) {
  Application app("words");
  app.source("in", numbers()).to("same", same).to_sink("out", nothing());
  const PlanView view = view_of(app);
  EXPECT_EQ(edges_of(view), (Edges{"in fused same", "same fused out"}));
  EXPECT_TRUE(view.nodes[view.find("out").value()].encoders.empty());
}

TEST(PlanView, SharedStreamsLeadToEachConsumer) {
  Application app("shared");
  auto stream = app.source("in", numbers()).to("same", same);
  stream.to("left", same).to_sink("a", nothing());
  stream.to("right", same).to_sink("b", file());
  const PlanView view = view_of(app);
  EXPECT_EQ(edges_of(view), (Edges{"in fused same", "left fused a", "right gather b",
                                   "same forward left", "same forward right"}));
  EXPECT_EQ(view.nodes[view.find("left").value()].layer,
            view.nodes[view.find("right").value()].layer);
}

TEST(PlanView, AMissingStageIsNotFound) {
  Application app("words");
  app.source("in", numbers()).to_sink("out", nothing());
  EXPECT_FALSE(view_of(app).find("other"));
}

TEST(PlanJson, IsTheDocumentOfTheContract) {
  Application app("words");
  app.source("lines", numbers())
      .key_by("word", identity)
      .to("count", sum)
      .to_sink("totals", file());
  const std::string text =
      render_plan(view_of(app), {.plan_id = "ab",
                                 .application = "words",
                                 .version = "1",
                                 .worker = "worker1",
                                 .explain = "a plan",
                                 .addresses = {{"totals", "127.0.0.1:7002"}},
                                 .capacity = [](std::size_t edge) { return 32 * (edge + 1); }});
  EXPECT_EQ(boost::json::parse(text), boost::json::parse(R"({
    "format": 1, "plan_id": "ab", "application": "words", "version": "1", "key_groups": 256,
    "workers": [{"worker": "worker1", "executors": 2}],
    "pipelines": [{"name": "lines", "nodes": [0, 1, 2, 3]}], "layers": 4, "rows": 1,
    "nodes": [
      {"id": 0, "kind": "source", "name": "lines", "pipeline": "lines", "segment": 0, "layer": 0,
       "row": 0, "executors": "all"},
      {"id": 1, "kind": "key_by", "name": "word", "pipeline": "lines", "segment": 0, "layer": 1,
       "row": 0, "executors": "all"},
      {"id": 2, "kind": "state", "name": "count", "pipeline": "lines", "segment": 2, "layer": 2,
       "row": 0, "executors": "all"},
      {"id": 3, "kind": "sink", "name": "totals", "pipeline": "lines", "segment": 1, "layer": 3,
       "row": 0, "executors": [1], "address": "127.0.0.1:7002"}],
    "edges": [
      {"id": 0, "from": 0, "to": 1, "kind": "fused", "segment": 0},
      {"id": 1, "from": 1, "to": 2, "kind": "exchange", "edge": 0, "capacity": 32},
      {"id": 2, "from": 2, "to": 3, "kind": "gather", "edge": 1, "capacity": 64}],
    "text": "a plan"})"))
      << text;
}

}  // namespace
}  // namespace wallaroo::internal
