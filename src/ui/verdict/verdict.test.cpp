#include "ui/verdict/verdict.hpp"

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace wallaroo::internal {
namespace {

constexpr std::size_t source = 0;
constexpr std::size_t key = 1;
constexpr std::size_t count = 2;
constexpr std::size_t sink = 3;

/// lines -> word -> count -> totals on four executors, where nothing is held back.
VerdictInput calm() {
  VerdictInput input;
  input.stages = {{.node = source,
                   .name = "lines",
                   .kind = "source",
                   .segment = 0,
                   .busy = 0.1,
                   .in_per_s = 1000},
                  {.node = key,
                   .name = "word",
                   .kind = "key_by",
                   .segment = 0,
                   .busy = 0.05,
                   .in_per_s = 1000,
                   .hottest_group = 0.02},
                  {.node = count,
                   .name = "count",
                   .kind = "state",
                   .segment = 1,
                   .busy = 0.2,
                   .call_seconds = 20e-6,
                   .in_per_s = 1000},
                  {.node = sink,
                   .name = "totals",
                   .kind = "sink",
                   .segment = 1,
                   .busy = 0.1,
                   .in_per_s = 1000}};
  input.queues = {{.load = {.name = "stage 'count'", .rank = 1, .records_per_s = 1000},
                   .node = count,
                   .segment = 1,
                   .keyed_by = key},
                  {.load = {.name = "sink 'totals'",
                            .rank = 2,
                            .records_per_s = 14'000,
                            .peer = "127.0.0.1:7002"},
                   .node = sink,
                   .segment = 2,
                   .writer = true}};
  input.sinks = {{.node = sink, .name = "totals", .address = "127.0.0.1:7002"}};
  input.segment_busy = {{0.1, 0.1, 0.1, 0.1}, {0.3, 0.3, 0.3, 0.3}, {0.1}};
  input.executor_busy = {0.4, 0.4, 0.4, 0.4};
  return input;
}

void fill(VerdictInput& input, std::size_t queue, double for_s) {
  input.queues[queue].load.awaited = 1;
  input.queues[queue].load.full_s = for_s;
}

struct Case {
  std::string rule;
  Verdict::Level level;
  std::optional<std::size_t> node;
  std::string text;  ///< a part of it
  std::function<void(VerdictInput&)> change;
};

const std::vector<Case>& cases() {
  using Level = Verdict::Level;
  static const std::vector<Case> all{
      {"input_limit", Level::ok, {}, "input is the limit", [](VerdictInput&) {}},
      {"starting", Level::ok, {}, "do not read yet", [](VerdictInput& in) { in.reading = false; }},
      {"starting", Level::ok, {}, "just started", [](VerdictInput& in) { in.sampled = false; }},
      {"stopped", Level::warn, {}, "stopping", [](VerdictInput& in) { in.stopping = true; }},
      {"peer_away", Level::error, sink, "no connection to 127.0.0.1:7002 for 42 s",
       [](VerdictInput& in) {
         in.sinks[0].away_s = 42;
         fill(in, 1, 40);
       }},
      {"checkpoint_stalls",
       Level::error,
       {},
       "no checkpoint has completed for 30 s",
       [](VerdictInput& in) { in.checkpoints = {.enabled = true, .since_last_s = 30}; }},
      {"slow_sink", Level::error, sink,
       "its queue has been full for 42 s; checkpoints wait behind it, and none has completed for "
       "30 s",
       [](VerdictInput& in) {
         fill(in, 1, 42);
         in.checkpoints = {.enabled = true, .since_last_s = 30};
       }},
      {"checkpoint_stalls",
       Level::error,
       {},
       "no checkpoint has completed for 30 s",
       [](VerdictInput& in) {  // the sink takes nothing: it may itself wait for the checkpoint
         fill(in, 1, 42);
         in.queues[1].load.records_per_s = 0;
         in.checkpoints = {.enabled = true, .since_last_s = 30};
       }},
      {"checkpoint_stalls",
       Level::error,
       {},
       "2 checkpoints have failed in the last minute: disk",
       [](VerdictInput& in) {
         in.checkpoints = {.enabled = true, .failed_lately = 2, .last_reason = "disk full"};
       }},
      {"input_limit",
       Level::ok,
       {},
       "",
       [](VerdictInput& in) {
         in.checkpoints = {.enabled = true, .since_last_s = 30, .interval_s = 60};
       }},
      {"slow_sink", Level::warn, sink,
       "sink 'totals' is the bottleneck: 127.0.0.1:7002 takes 14 k records/s; its queue has been "
       "full for 42 s",
       [](VerdictInput& in) {
         fill(in, 0, 40);
         fill(in, 1, 42);
       }},
      {"hot_stage", Level::warn, count, "stage 'count' is the bottleneck: it takes 97 %",
       [](VerdictInput& in) {
         fill(in, 0, 10);
         in.stages[count].busy = 0.97;
         in.segment_busy[1] = {0.98, 0.98, 0.98, 0.98};
       }},
      {"hot_encoder", Level::warn, sink, "the encoder of sink 'totals' is the bottleneck",
       [](VerdictInput& in) {
         fill(in, 0, 10);
         in.stages[sink].busy = 0.8;
         in.segment_busy[1] = {0.98, 0.98, 0.98, 0.98};
       }},
      {"hot_key", Level::warn, key, "a hot key of 'word' is the bottleneck: one key group has 61 %",
       [](VerdictInput& in) {
         fill(in, 0, 10);
         in.stages[key].hottest_group = 0.61;
         in.segment_busy[1] = {0.1, 0.99, 0.1, 0.1};
       }},
      {"skewed_executors", Level::warn, count, "executor 1 is busy 99 %",
       [](VerdictInput& in) {
         fill(in, 0, 10);
         in.segment_busy[1] = {0.1, 0.99, 0.1, 0.1};
       }},
      {"hot_key", Level::warn, key, "executor 1 is busy 55 % of the time with stage 'count'",
       [](VerdictInput& in) {  // the executor has other work, and not always a processor
         fill(in, 0, 10);
         in.stages[key].hottest_group = 0.61;
         in.stages[count].in_by_executor = {100, 700, 100, 100};
         in.segment_busy[1] = {0.2, 0.55, 0.1, 0.1};
       }},
      {"hot_stage", Level::warn, count, "",
       [](VerdictInput& in) {  // the records are even; an executor runs out of processor time
         fill(in, 0, 10);
         in.stages[count].in_by_executor = {100, 110, 100, 100};
         in.segment_busy[1] = {0.2, 0.55, 0.1, 0.1};
       }},
      {"hot_stage", Level::warn, count, "",
       [](VerdictInput& in) {  // the others have no time left either
         fill(in, 0, 10);
         in.stages[count].in_by_executor = {100, 700, 100, 100};
         in.segment_busy[1] = {0.9, 0.9, 0.9, 0.9};
       }},
      {"hot_stage", Level::warn, count,
       "threads that could run wait 40 % of that time for a processor",
       [](VerdictInput& in) {
         fill(in, 0, 10);
         in.processors = {.running = 1.2, .waiting = 0.8};
       }},
      {"no_processor",
       Level::warn,
       {},
       "too busy to tell",
       [](VerdictInput& in) {
         in.executor_busy = {0.2, 0.7, 0.1, 0.1};
         in.processors = {.running = 1.2, .waiting = 0.8};
       }},
      {"input_limit",
       Level::ok,
       {},
       "",
       [](VerdictInput& in) {  // it has little to do, so the busy machine does not hold it back
         in.processors = {.running = 0.2, .waiting = 0.3};
       }},
      {"near_limit", Level::ok, count,
       "an executor is busy 88 % of the time; stage 'count' costs most",
       [](VerdictInput& in) {
         in.executor_busy = {0.4, 0.88, 0.4, 0.4};
       }},
      {"hot_stage", Level::warn, source, "source 'lines' is the bottleneck",
       [](VerdictInput& in) {
         in.stages[source].busy = 0.9;
         in.executor_busy = {0.99, 0.99, 0.99, 0.99};
       }},
      {"skewed_watermark", Level::warn, count, "stood still at stage 'count' for 30 s",
       [](VerdictInput& in) { in.stages[count].stands_s = 30; }},
      {"input_limit",
       Level::ok,
       {},
       "",
       [](VerdictInput& in) {
         in.stages[count].stands_s = 30;
         in.stages[count].in_per_s = 0;
       }},
      {"errors", Level::warn, count, "stage 'count' refuses 3 records/s of 1 k",
       [](VerdictInput& in) { in.stages[count].errors_per_s = 3; }},
      {"no_input", Level::ok, {}, "no record has come for 15 s", [](VerdictInput& in) {
         in.silent_s = 15;
       }}};
  return all;
}

TEST(Verdict, FollowsTheTable) {
  for (const Case& one : cases()) {
    VerdictInput input = calm();
    one.change(input);
    const Verdict verdict = reach_verdict(input);
    EXPECT_EQ(verdict.rule, one.rule) << verdict.text;
    EXPECT_EQ(verdict.level, one.level) << one.rule;
    EXPECT_EQ(verdict.node, one.node) << verdict.text;
    EXPECT_NE(verdict.text.find(one.text), std::string::npos) << verdict.text;
  }
}

TEST(Verdict, AnEmptyApplicationIsNoTrouble) { EXPECT_EQ(reach_verdict({}).rule, "input_limit"); }

}  // namespace
}  // namespace wallaroo::internal
