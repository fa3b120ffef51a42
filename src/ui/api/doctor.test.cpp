#include "ui/api/doctor.hpp"

#include <map>
#include <string>

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include "ui/history.rig.hpp"

namespace wallaroo::internal {
namespace {

/// The texts of the checks that are not ok, by name.
std::map<std::string, std::string> troubles(const Counted& app, const MachineLimits& limits = {},
                                            const VerdictFacts& facts = {}) {
  std::map<std::string, std::string> found;
  for (const Check& check : examine(app.history, look_at(app.history, facts), limits)) {
    if (check.level != Verdict::Level::ok) {
      found[std::string(check.name)] = check.text;
    }
  }
  return found;
}

void run_for(Counted& app, int seconds, int records) {
  for (int i = 0; i <= seconds; ++i) {
    app.source.records.add(static_cast<std::uint64_t>(records));
    for (auto& stage : app.stages) {
      stage[0].records_in.add(static_cast<std::uint64_t>(records));
    }
    app.sample();
  }
}

TEST(Doctor, FindsNothingWhenAllIsWell) {
  Counted app;
  app.sink.connected.set(1);
  run_for(app, 70, 10);
  EXPECT_TRUE(troubles(app).empty());
  EXPECT_EQ(examine(app.history, look_at(app.history, {}), {}).size(), 10U);
}

TEST(Doctor, NamesTheInputThatIsSilent) {
  Counted app;
  app.sink.connected.set(1);
  run_for(app, 70, 0);
  const auto found = troubles(app);
  ASSERT_TRUE(found.contains("inputs"));
  EXPECT_NE(found.at("inputs").find("source 'lines' has given no record for"), std::string::npos);
}

TEST(Doctor, NamesTheKeyThatIsHot) {
  Counted app;
  app.sink.connected.set(1);
  app.stages[Counted::word][1].hottest_key_group.set(400'000'000);
  run_for(app, 5, 10);
  EXPECT_NE(troubles(app)["skew"].find("'word' has 40 %"), std::string::npos);
}

TEST(Doctor, NamesTheWatermarkThatStandsStill) {
  Counted app;
  app.sink.connected.set(1);
  app.watermark_s = {500, 500};
  run_for(app, 30, 10);
  EXPECT_NE(troubles(app)["watermarks"].find("stood still at 'count' for"), std::string::npos);
}

TEST(Doctor, NamesRecordsThatWereRefused) {
  Counted app;
  app.sink.connected.set(1);
  app.stages[Counted::count][0].errors.add(3);
  run_for(app, 5, 10);
  EXPECT_EQ(troubles(app)["errors"], "'count' has refused 3 records");
  app.stages[Counted::count][1].dropped_records.add(1);
  run_for(app, 5, 10);
  EXPECT_EQ(troubles(app)["errors"],
            "'count' has refused 3 records, and dropped 1 record that came too late");
}

TEST(Doctor, SaysThatTheMachineHasTooFewProcessors) {
  Counted app;
  app.sink.connected.set(1);
  app.processors = {.running = 0.5, .waiting = 0.7};
  run_for(app, 5, 10);
  EXPECT_NE(troubles(app)["processors"].find("threads that could run wait 58 % of that time"),
            std::string::npos);
}

TEST(Doctor, TellsAnOldCheckpointFromNone) {
  Counted app;
  run_for(app, 5, 10);
  VerdictInput input;
  input.checkpoints = {.enabled = true, .any = false, .since_last_s = 30};
  const auto text = [&app, &input] {
    for (const Check& check : examine(app.history, input, {})) {
      if (check.name == "checkpoints") {
        return check.text;
      }
    }
    return std::string();
  };
  EXPECT_EQ(text(),
            "none has completed in the 30 s since the start, and 0 failed in the last minute");
  input.checkpoints.any = true;
  EXPECT_EQ(text(), "the last one is 30 s old, and 0 failed in the last minute");
}

TEST(Doctor, KnowsWhatTheMachineHas) {
  const MachineLimits limits = machine_limits();
  EXPECT_GT(limits.memory_bytes, 1e7);
  EXPECT_GT(limits.descriptors, 0);
}

TEST(Doctor, IsTheDocumentOfTheContract) {
  Counted app;
  const auto found = boost::json::parse(
      render_doctor(app.history, {.plan_id = "ab", .application = "words", .worker = "w"}, {}));
  EXPECT_EQ(found, boost::json::parse(R"({
    "format": 1, "plan_id": "ab", "application": "words", "time": 0, "checks": [
      {"worker": "w", "check": "bottleneck", "level": "ok",
       "text": "the application has just started"}]})"));
}

}  // namespace
}  // namespace wallaroo::internal
