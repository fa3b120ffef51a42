#include "nexmark/queries.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include <fmt/format.h>

#include "nexmark/reference.hpp"
#include "nexmark/runner.hpp"

namespace wallaroo::bench::nexmark {
namespace {

constexpr std::uint64_t kEvents = 30'000;

// Orders of events in which groups lie across the borders of windows, which are 2,000 events apart.
constexpr std::array<std::uint64_t, 3> kDisorders{1, 70, 3'000};

// Half a minute of the auction, so that there are several windows.
Config config_of(std::uint64_t disorder = 1) {
  return {.delay_ns = 1'000'000, .disorder = disorder};
}

class Queries : public testing::TestWithParam<int> {};

TEST_P(Queries, GiveTheResultOfTheReferenceOnOneExecutorAndOnMore) {
  for (const unsigned threads : {1U, 2U, 3U}) {
    for (const std::uint64_t disorder : kDisorders) {
      SCOPED_TRACE(fmt::format("threads {}, disorder {}", threads, disorder));
      EXPECT_NO_THROW(check_query(query_of(GetParam()), {config_of(disorder), kEvents, threads}));
    }
  }
}

TEST_P(Queries, HaveAChecksumThatDoesNotDependOnTheNumberOfExecutors) {
  const Query& query = query_of(GetParam());
  EXPECT_EQ(run_query(query, {config_of(), kEvents, 1}).checksum,
            run_query(query, {config_of(), kEvents, 3}).checksum);
}

TEST_P(Queries, GiveSomething) {
  EXPECT_GT(reference(GetParam(), make_events(config_of(), kEvents)).size(), 1U);
}

std::vector<int> numbers() {
  std::vector<int> found;
  for (const Query& query : queries()) {
    found.push_back(query.number);
  }
  return found;
}

INSTANTIATE_TEST_SUITE_P(Nexmark, Queries, testing::ValuesIn(numbers()),
                         [](const auto& query) { return fmt::format("q{}", query.param); });

TEST(Checking, AMissingAWrongAndASurplusLineAreRefusedAndShown) {
  const std::vector<std::string> right{"a", "b"};
  EXPECT_NO_THROW(require_equal(right, right));
  for (const std::vector<std::string>& wrong :
       {std::vector<std::string>{"a"}, {"a", "x"}, {"a", "b", "x"}, {"x", "a", "b"}, {}}) {
    EXPECT_THROW(require_equal(wrong, right), std::runtime_error);
  }
}

TEST(Checking, AQueryThatIsNotThereIsRefused) { EXPECT_THROW(query_of(10), std::invalid_argument); }

}  // namespace
}  // namespace wallaroo::bench::nexmark
