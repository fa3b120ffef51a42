// Random inputs through pipelines, compared with a plain loop.
#include <rapidcheck.h>

#include "golden.rig.hpp"

namespace golden {
namespace {

using wallaroo::Application;

struct Shape {
  int threads = *rc::gen::inRange(1, 5);
  int partitions = *rc::gen::inRange(1, 6);
};

using Pair = std::pair<std::string, int>;

void expect_property(const char* text, std::function<void()> property) {
  EXPECT_TRUE(rc::check(text, std::move(property)));
}

TEST(Property, KeyedSumsAreThoseOfAMapWhateverTheInput) {
  expect_property("one partition: outputs per key in input order", [] {
    const Shape shape;
    const auto input = *rc::gen::container<std::vector<Pair>>(rc::gen::pair(
        rc::gen::container<std::string>(rc::gen::inRange('a', 'd')), rc::gen::arbitrary<int>()));
    Collected<std::pair<std::string, std::int64_t>> out;
    Application app("sums");
    app.source("in", wallaroo::memory_source(std::span<const Pair>(input)))
        .key_by("key", &Pair::first)
        .to("sum", [](const Pair& pair,
                      std::int64_t& sum) { return std::pair(pair.first, sum += pair.second); })
        .to_sink("out", out.sink());
    RC_ASSERT(run(app, shape.threads).ok);

    std::map<std::string, std::vector<std::int64_t>> expected;
    for (const auto& [key, value] : input) {
      auto& sums = expected[key];
      sums.push_back((sums.empty() ? 0 : sums.back()) + value);
    }
    std::map<std::string, std::vector<std::int64_t>> actual;
    for (const auto& [key, sum] : out.records()) {
      actual[key].push_back(sum);
    }
    RC_ASSERT(actual == expected);
  });
}

TEST(Property, FiltersAndManyOutputsAreThoseOfALoopWhateverTheInput) {
  expect_property("a filter, a multiplier, an exchange", [] {
    const Shape shape;
    const auto input = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 600));
    const int modulus = *rc::gen::inRange(1, 5);
    Collected<int> out;
    Application app("many");
    app.source("in", wallaroo::memory_source(std::span<const int>(input),
                                             {.partitions = shape.partitions}))
        .to("filter", [=](int n) { return n % modulus == 0 ? std::optional(n) : std::nullopt; })
        .to("many",
            [](int n, wallaroo::Emitter<int>& emit) {
              for (int i = 0; i < n; ++i) {
                emit(i);
              }
            })
        .key_by("key", [](int n) { return n; })
        .to("same", [](int n, int&) { return n; })
        .to_sink("out", out.sink());
    RC_ASSERT(run(app, shape.threads).ok);

    std::vector<int> expected;
    for (const int n : input) {
      for (int i = 0; n % modulus == 0 && i < n; ++i) {
        expected.push_back(i);
      }
    }
    RC_ASSERT(out.sorted() == sorted(expected));
  });
}

}  // namespace
}  // namespace golden
