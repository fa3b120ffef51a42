#include <wallaroo/testing.hpp>

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <wallaroo/wallaroo.hpp>

namespace wallaroo::testing {
namespace {

struct Total {
  std::uint64_t count = 0;
};
struct WordCount {
  std::string_view word;
  std::uint64_t count;
};

void split(std::string_view text_line, Emitter<std::string_view>& emit) {
  while (!text_line.empty()) {
    const auto end = std::min(text_line.find(' '), text_line.size());
    emit(text_line.substr(0, end));
    text_line.remove_prefix(std::min(end + 1, text_line.size()));
  }
}
WordCount count_word(std::string_view word, Total& total) { return {word, ++total.count}; }
void encode(const WordCount& w, ByteWriter& out) {
  out.append(w.word).append('=').decimal(w.count);
}

Application word_count() {
  Application app("word_count");
  app.source("lines", tcp_source({.listen = "127.0.0.1:1"}, text_view))
      .to("split", split)
      .key_by("word", std::identity{})
      .to("count", count_word)
      .to_sink("totals", tcp_sink({.connect = "127.0.0.1:1"}, encode));
  return app;
}

TEST(Harness, FramesThatAreSentComeOutEncodedAndInOrder) {
  Harness harness(word_count());
  harness.send("lines", "to be or not to be");
  EXPECT_EQ(harness.output("totals"),
            (std::vector<std::string>{"to=1", "be=1", "or=1", "not=1", "to=2", "be=2"}));
  harness.send("lines", "be");
  EXPECT_EQ(harness.output("totals"), std::vector<std::string>{"be=3"});
  EXPECT_TRUE(harness.output("totals").empty());
}

TEST(Harness, NamesThatDoNotExistAreRefused) {
  Harness harness(word_count());
  EXPECT_THROW(harness.send("nothing", ""), ConfigError);
  EXPECT_THROW(harness.output("nothing"), ConfigError);
}

TEST(Harness, AGeneratorFollowsTheVirtualClock) {
  std::vector<std::uint64_t> seen;
  Application app("ticks");
  app.source("ticks", generator_source({.rate_per_second = 10, .count = 25},
                                       [](std::uint64_t index) { return index; }))
      .to_sink("seen", callback_sink([&](std::uint64_t index) { seen.push_back(index); }));
  Harness harness(app);
  EXPECT_EQ(seen.size(), 1u);
  harness.advance(std::chrono::milliseconds(99));
  EXPECT_EQ(seen.size(), 1u);
  harness.advance(std::chrono::milliseconds(1));
  EXPECT_EQ(seen.size(), 2u);
  harness.advance(std::chrono::seconds(1));
  EXPECT_EQ(seen.size(), 12u);
  harness.advance(std::chrono::seconds(100));
  ASSERT_EQ(seen.size(), 25u);
  EXPECT_EQ(seen.back(), 24u);
}

TEST(Harness, TypedRecordsAreFedThroughAnInput) {
  struct Order {
    int user;
    double amount;
  };
  Input<Order> orders;
  std::vector<double> sums;
  Application app("orders");
  app.source("orders", orders.source())
      .key_by("user", &Order::user)
      .to("sum", [](const Order& order, double& sum) { return sum += order.amount; })
      .to_sink("sums", callback_sink([&](double sum) { sums.push_back(sum); }));
  Harness harness(app);
  orders.push({1, 10});
  orders.push({2, 5});
  orders.push({1, 1});
  EXPECT_TRUE(sums.empty());
  harness.run();
  EXPECT_EQ(sums, (std::vector<double>{10, 5, 11}));
}

TEST(Harness, AStageThatFailsThrowsAndNamesStageAndRecord) {
  Application app("failing");
  app.source("lines", file_source({.paths = {"-"}}, text))
      .to("parse", [](const std::string& frame) { return std::stoi(frame); })
      .to_sink("numbers", file_sink({.path = "-"}, [](int n) { return std::to_string(n); }));
  Harness harness(app);
  harness.send("lines", "7");
  EXPECT_EQ(harness.output("numbers"), std::vector<std::string>{"7"});
  try {
    harness.send("lines", "seven");
    FAIL() << "the stage did not fail";
  } catch (const StageError& error) {
    EXPECT_NE(std::string(error.what()).find("stage 'parse' failed on record \"seven\""),
              std::string::npos)
        << error.what();
  }
}

TEST(Harness, TheEndCallsFinishOfCallbacksOnceAndMetricsCount) {
  struct Sum {
    int* finished;
    std::uint64_t* total;
    std::uint64_t sum = 0;
    void operator()(std::uint64_t value) { sum += value; }
    void finish() {
      ++*finished;
      *total = sum;
    }
  };
  int finished = 0;
  std::uint64_t total = 0;
  Application app("sum");
  app.source("lines", tcp_source({.listen = "127.0.0.1:1"}, text))
      .to("size", [](const std::string& frame) { return std::uint64_t{frame.size()}; })
      .to_sink("sum", callback_sink(Sum{&finished, &total}));
  Harness harness(app);
  harness.send("lines", "four");
  harness.send("lines", "seventy");
  EXPECT_EQ(finished, 0);
  harness.end();
  EXPECT_EQ(finished, 1);
  EXPECT_EQ(total, 11u);
  EXPECT_NE(harness.metrics_text().find("wallaroo_source_records_total{application=\"sum\","
                                        "pipeline=\"lines\",source=\"lines\",worker=\"worker1\","
                                        "executor=\"0\"} 2"),
            std::string::npos)
      << harness.metrics_text();
}

}  // namespace
}  // namespace wallaroo::testing
