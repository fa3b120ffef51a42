#include <string>

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include "ui/journal/checkpoint_journal.hpp"
#include "ui/journal/error_groups.hpp"
#include "ui/journal/log_lines.hpp"

namespace wallaroo::internal {
namespace {

namespace json = boost::json;

int no_node(std::string_view) { return -1; }

RefusedRecord exception_of(std::string_view stage, std::string_view message,
                           std::string_view origin = {}, std::uint64_t count = 1) {
  return {stage, "exception", message, "skip", origin, "secret \n\xff", count};
}

TEST(LogLines, AreNumberedAndGivenSinceANumber) {
  LogLines log(LogLevel::info);
  log.add(LogLevel::info, "one", 1.5);
  log.add(LogLevel::warning, "two \"2\"", 2);
  EXPECT_EQ(json::parse(log.render("ab", "worker1", 1)), json::parse(R"({
    "format": 1, "plan_id": "ab", "seq": 2, "first_seq": 1, "level": "info",
    "lines": [{"seq": 2, "time": 2, "worker": "worker1", "level": "warning",
               "text": "two \"2\""}]})"));
  EXPECT_EQ(json::parse(log.render("ab", "w", 2)).at("lines").as_array().size(), 0U);
  EXPECT_EQ(json::parse(log.render("ab", "w", 77)).at("lines").as_array().size(), 2U);
}

TEST(LogLines, KeepTheLastThousand) {
  LogLines log(LogLevel::debug);
  for (int i = 1; i <= 1500; ++i) {
    log.add(LogLevel::debug, std::to_string(i), i);
  }
  const json::value all = json::parse(log.render("ab", "w", 3));
  EXPECT_EQ(all.at("first_seq"), 501);
  EXPECT_EQ(all.at("lines").as_array().size(), 1000U);
  EXPECT_EQ(all.at("lines").at(0).at("text"), "501");
  EXPECT_EQ(json::parse(log.render("ab", "w", 1499)).at("lines").at(0).at("text"), "1500");
}

TEST(LogLines, AreCutOffWhereTheyAreVeryLong) {
  LogLines log(LogLevel::info);
  log.add(LogLevel::info, std::string(1'000'000, 'x'), 1);
  const json::value line = json::parse(log.render("ab", "w", 0)).at("lines").at(0);
  const auto& text = line.at("text").as_string();
  EXPECT_LT(text.size(), LogLines::most_text + 100);
  EXPECT_TRUE(text.ends_with("x... (1000000 bytes)"));
}

TEST(ErrorGroups, NumbersInMessagesCountAsTheSame) {
  EXPECT_EQ(without_numbers("line 12: price -3.50 of 7"), "line #: price -#.# of #");
  ErrorGroups groups(false);
  groups.add(exception_of("parse", "price -3", "file:1", 2), 10);
  groups.add(exception_of("parse", "price -45", "file:9"), 12);
  groups.add(exception_of("other", "price -45"), 11);
  const auto find = [](std::string_view stage) { return stage == "parse" ? 4 : -1; };
  EXPECT_EQ(json::parse(groups.render("ab", "worker1", find)), json::parse(R"({
    "format": 1, "plan_id": "ab", "total": 4, "show_records": false, "groups": [
      {"seq": 4, "worker": "worker1", "stage": "other", "kind": "exception",
       "message": "price -45", "policy": "skip", "count": 1, "first": 11, "last": 11},
      {"seq": 3, "worker": "worker1", "stage": "parse", "node": 4, "kind": "exception",
       "message": "price -45", "policy": "skip", "count": 3, "first": 10, "last": 12,
       "origin": "file:9"}]})"));
}

TEST(ErrorGroups, RecordsAreShownOnlyWhenAskedFor) {
  ErrorGroups shown(true);
  shown.add(exception_of("parse", "no"), 1);
  const json::value group = json::parse(shown.render("ab", "w", no_node)).at("groups").at(0);
  EXPECT_EQ(group.at("excerpt"), R"(secret \n\xff)");
  ErrorGroups hidden(false);
  hidden.add(exception_of("parse", "no"), 1);
  EXPECT_EQ(hidden.render("ab", "w", no_node).find("secret"), std::string::npos);
}

TEST(ErrorGroups, ForgetTheGroupThatHasNotGrownForLongest) {
  ErrorGroups groups(false);
  for (int i = 0; i < 300; ++i) {
    const std::string stage = "s" + std::to_string(i);
    groups.add(exception_of(stage, "x"), i);
    groups.add(exception_of("s0", "x"), i);
  }
  const json::value all = json::parse(groups.render("ab", "w", no_node));
  EXPECT_EQ(all.at("groups").as_array().size(), ErrorGroups::most_kept);
  EXPECT_EQ(all.at("groups").at(0).at("stage"), "s0");
  EXPECT_EQ(all.at("groups").at(0).at("count"), 301);
}

TEST(ErrorGroups, DoNotCountAnewWhatACounterSaidOfAForgottenGroup) {
  ErrorGroups groups(false);
  const RefusedRecord late{"window", "late", "came too late", "skip", {}, {}};
  groups.count(late, 7, 1);
  for (int i = 0; i < 300; ++i) {
    groups.add(exception_of("s" + std::to_string(i), "no"), 2);
  }
  groups.count(late, 7, 3);
  EXPECT_EQ(json::parse(groups.render("ab", "w", no_node)).at("total"), 307);
  groups.count(late, 9, 4);
  EXPECT_EQ(json::parse(groups.render("ab", "w", no_node)).at("groups").at(0).at("count"), 2);
}

TEST(ErrorGroups, FollowACounterThatBeginsAnew) {
  ErrorGroups groups(false);
  const RefusedRecord late = exception_of("w", "came too late");
  groups.count(late, 0, 1);
  EXPECT_EQ(json::parse(groups.render("ab", "w", no_node)).at("total"), 0);
  groups.count(late, 5, 2);
  groups.count(late, 5, 3);
  groups.count(late, 7, 4);
  groups.count(late, 2, 5);
  const json::value all = json::parse(groups.render("ab", "w", no_node));
  EXPECT_EQ(all.at("total"), 9);
  EXPECT_EQ(all.at("groups").at(0).at("first"), 2);
  EXPECT_EQ(all.at("groups").at(0).at("last"), 5);
}

/// A journal at a time that a test sets.
struct Journal {
  double now = 100;
  CheckpointJournal journal{[this] { return now; }};
  json::value checkpoint(std::size_t index) const {
    return json::parse(journal.render({.plan_id = "ab", .worker = "w", .enabled = true}))
        .at("checkpoints")
        .at(index);
  }
};

TEST(CheckpointJournal, TellsPhasesOfACompleteOne) {
  Journal rig;
  rig.journal.began(7);
  rig.now = 100.5;
  rig.journal.met_barrier(7);
  rig.now = 101;
  rig.journal.entered(7, "durable");
  rig.now = 103;
  rig.journal.entered(7, "vote");
  EXPECT_EQ(rig.checkpoint(0).at("outcome"), "running");
  rig.now = 104;
  Manifest manifest;
  manifest.number = 7;
  manifest.stages = {{"count", "state", "", {}}};
  rig.journal.completed(manifest, 4711);
  rig.now = 200;
  EXPECT_EQ(rig.checkpoint(0), json::parse(R"({
    "worker": "w", "number": 7, "began": 100, "outcome": "complete", "bytes": 4711,
    "seconds": 4, "phases": {"align": 0.5, "save": 1, "durable": 2, "vote": 1},
    "stages": []})"));
}

TEST(CheckpointJournal, TellsWhyOneFailed) {
  Journal rig;
  rig.journal.began(1);
  rig.journal.failed(1, "failed", "disk full");
  EXPECT_EQ(rig.journal.last_failure(), "disk full");
  rig.journal.began(2);
  EXPECT_EQ(rig.journal.last_failure(), "disk full");
  rig.journal.failed(2, "rolled back", "sink lost");
  EXPECT_EQ(rig.checkpoint(0).at("outcome"), "rolled back");
  EXPECT_EQ(rig.checkpoint(1).at("reason"), "disk full");
  rig.journal.began(3);
  Manifest manifest;
  manifest.number = 3;
  rig.journal.completed(manifest, 0);
  EXPECT_EQ(rig.journal.last_failure(), "");
}

TEST(CheckpointJournal, KeepsTheLastHundredAndIgnoresStrangers) {
  Journal rig;
  for (std::uint64_t number = 1; number <= 150; ++number) {
    rig.journal.began(number);
    rig.journal.entered(number + 1, "vote");
    rig.journal.failed(number, "failed", "x");
  }
  EXPECT_EQ(rig.checkpoint(0).at("number"), 150);
  EXPECT_EQ(rig.checkpoint(99).at("number"), 51);
  EXPECT_FALSE(rig.checkpoint(0).at("phases").as_object().contains("vote"));
}

}  // namespace
}  // namespace wallaroo::internal
