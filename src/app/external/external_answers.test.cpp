#include "app/external/external_answers.hpp"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace wallaroo::internal {
namespace {

using Id = ExternalId;

/// Answers for an application with two stages of each kind, and what they were told.
class ExternalAnswersTest : public testing::Test {
 protected:
  static ExternalView view() {
    return {"words",
            "initializer",
            {{"split", false}, {"count", true}, {"shout", false}, {"last", true}},
            {{"lines", 2}, {"more", 1}}};
  }
  ExternalHooks hooks() {
    return {.initialized = [this] { return initialized; },
            .processing = [this] { return processing; },
            .entities =
                [] {
                  return std::map<std::string, std::vector<std::string>>{{"count", {"a", "b\"c"}}};
                },
            .print = [this](const std::string& text) { told.push_back("print " + text); },
            .shutdown = [this](const std::string& text) { told.push_back("shutdown " + text); }};
  }
  std::optional<ExternalMessage> answer(Id id, std::string body = {}) {
    return ExternalAnswers(view(), hooks()).answer({id, std::move(body)});
  }
  /// Checks the id of the answer, and returns its body.
  std::string body_of(Id id, Id expected, std::string body = {}) {
    const auto message = answer(id, std::move(body));
    EXPECT_TRUE(message.has_value());
    EXPECT_EQ(message->id, expected);
    return message->body;
  }

  bool initialized = true;
  bool processing = true;
  std::vector<std::string> told;
};

TEST_F(ExternalAnswersTest, TellTheStatusOfTheCluster) {
  EXPECT_EQ(body_of(Id::cluster_status_query, Id::cluster_status_response),
            R"({"processing_messages":true,"worker_names":["initializer"],"worker_count":1})");
  processing = false;
  EXPECT_EQ(body_of(Id::cluster_status_query, Id::cluster_status_response),
            R"({"processing_messages":false,"worker_names":["initializer"],"worker_count":1})");
  initialized = false;
  EXPECT_EQ(body_of(Id::cluster_status_query, Id::cluster_not_initialized), "");
}

TEST_F(ExternalAnswersTest, HaveTenStepsForEachStageOnTheWorker) {
  EXPECT_EQ(body_of(Id::partition_count_query, Id::partition_count_response),
            R"({"state_partitions":{"count":{"initializer":10},"last":{"initializer":10}},)"
            R"("stateless_partitions":{"split":{"initializer":10},"shout":{"initializer":10}}})");
  EXPECT_EQ(body_of(Id::stateless_partition_count_query, Id::stateless_partition_count_response),
            R"({"split":{"initializer":10},"shout":{"initializer":10}})");
  const auto listed = [&](const std::string& stage) {
    std::string text = "{\"initializer\":[";
    for (const std::string& id : external_step_ids(view(), stage)) {
      text += (text.back() == '[' ? "\"" : ",\"") + id + "\"";
    }
    return "\"" + stage + "\":" + text + "]}";
  };
  const std::string stateless = "{" + listed("split") + "," + listed("shout") + "}";
  EXPECT_EQ(body_of(Id::stateless_partition_query, Id::stateless_partition_response), stateless);
  EXPECT_EQ(body_of(Id::partition_query, Id::partition_response),
            "{\"state_partitions\":{" + listed("count") + "," + listed("last") +
                "},\"stateless_partitions\":" + stateless + "}");
}

TEST_F(ExternalAnswersTest, KeepIdsInAllVersionsAndNeverUseOneTwice) {
  EXPECT_EQ(external_step_ids(view(), "count")[0], "279661285358019430391721657292861764433");
  EXPECT_EQ(external_step_ids(view(), "count")[9], "138581277106615590013661417186217670549");
  EXPECT_EQ(external_source_ids(view())[0], "165374358494584666960727947491955167894");
  std::set<std::string> ids;
  std::size_t made = 0;
  const auto add = [&](const auto& some) {
    made += some.size();
    ids.insert(some.begin(), some.end());
  };
  for (const char* const application : {"words", "word"}) {
    for (const char* const worker : {"initializer", "worker1"}) {
      ExternalView other = view();
      other.application = application;
      other.worker = worker;
      add(external_source_ids(other));
      for (const auto& stage : other.stages) {
        add(external_step_ids(other, stage.name));
      }
    }
  }
  EXPECT_EQ(made, 4U * (3 + 40));
  EXPECT_EQ(ids.size(), made);
  for (const std::string& id : ids) {
    EXPECT_EQ(id.find_first_not_of("0123456789"), std::string::npos);
    EXPECT_LE(id.size(), 39U);
    EXPECT_GT(id.size(), 30U) << "128 bits, not 64";
  }
}

TEST_F(ExternalAnswersTest, HaveAnIdForEachConnectionThatASourceServes) {
  std::string expected;
  for (const std::string& id : external_source_ids(view())) {
    expected += (expected.empty() ? "\"" : ",\"") + id + "\"";
  }
  EXPECT_EQ(external_source_ids(view()).size(), 3U);
  EXPECT_EQ(body_of(Id::source_ids_query, Id::source_ids_response),
            "{\"source_ids\":[" + expected + "]}");
}

TEST_F(ExternalAnswersTest, NameTheKeysOfStagesWithState) {
  EXPECT_EQ(body_of(Id::state_entity_query, Id::state_entity_response),
            R"({"count":["a","b\"c"],"last":[]})");
  EXPECT_EQ(body_of(Id::state_entity_count_query, Id::state_entity_count_response),
            R"({"count":2,"last":0})");
  EXPECT_EQ(body_of(Id::cluster_state_entity_count_query, Id::cluster_state_entity_count_response),
            R"({"initializer":{"count":2,"last":0}})");
}

TEST_F(ExternalAnswersTest, CannotShrinkOneWorker) {
  const auto shrink = [&](const std::string& body) {
    return body_of(Id::shrink_request, Id::shrink_response, body);
  };
  EXPECT_EQ(body_of(Id::shrink_request, Id::shrink_query_response,
                    R"({"query":true,"node_names":[],"node_count":0})"),
            R"({"node_names":[],"node_count":0})");
  EXPECT_EQ(shrink(R"({"query":false,"node_names":[],"node_count":0})"),
            "Cannot shrink 0 workers!");
  EXPECT_EQ(shrink(R"({"query":false,"node_names":[],"node_count":2})"),
            "Cannot shrink 0 workers!");
  EXPECT_EQ(shrink(R"({"query":false,"node_names":["initializer"],"node_count":0})"),
            "Invalid shrink targets!");
  for (const char* const broken :
       {"", "{", "[]", "{}", R"({"query":1,"node_names":[],"node_count":0})",
        R"({"query":true,"node_names":{},"node_count":0})",
        R"({"query":true,"node_names":[],"node_count":"0"})"}) {
    EXPECT_EQ(shrink(broken), "Invalid shrink request!");
  }
}

TEST_F(ExternalAnswersTest, DoWhatMessagesWithoutAnAnswerSay) {
  EXPECT_EQ(answer(Id::print, "hello"), std::nullopt);
  EXPECT_EQ(answer(Id::clean_shutdown, "bye"), std::nullopt);
  EXPECT_EQ(answer(Id::rotate_log, "initializer"), std::nullopt);
  EXPECT_EQ(answer(Id::report_status, "boundary-count-status"), std::nullopt);
  EXPECT_EQ(answer(Id::report_status, "weather"), std::nullopt);
  EXPECT_EQ(told, (std::vector<std::string>{
                      "print hello", "shutdown bye",
                      "print worker 'initializer' has no log to rotate: old checkpoints are "
                      "removed without being asked for",
                      "print worker 'initializer' has 0 boundaries to other workers",
                      "print there is no status 'weather'"}));
}

TEST_F(ExternalAnswersTest, IgnoreAnswersAndUnknownMessages) {
  for (const int id : {0, 5, 6, 8, 10, 11, 13, 15, 18, 20, 22, 24, 26, 27, 65535}) {
    EXPECT_EQ(answer(static_cast<Id>(id), "x"), std::nullopt) << id;
  }
  EXPECT_TRUE(told.empty());
}

}  // namespace
}  // namespace wallaroo::internal
