#include "nexmark/runner.hpp"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include "nexmark/reference.hpp"
#include "support/hash.hpp"

namespace wallaroo::bench::nexmark {
namespace {

Result run_into(Results& results, const Query& query, const Input& input) {
  Application app(fmt::format("nexmark_q{}", query.number));
  query.describe(app, input, results);
  const double seconds = timed_run(app, input.partitions);
  return {input.events, seconds, results.checksum.load()};
}

}  // namespace

const Query& query_of(int number) {
  const auto all = queries();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const Query& query) { return query.number == number; });
  if (found == all.end()) {
    throw std::invalid_argument(
        fmt::format("there is no query {}; --list tells which there are", number));
  }
  return *found;
}

Result run_query(const Query& query, const Input& input) {
  Results results;
  return run_into(results, query, input);
}

Result check_query(const Query& query, const Input& input) {
  Results results;
  results.keep_lines = true;
  Result result = run_into(results, query, input);
  std::sort(results.lines.begin(), results.lines.end());
  require_equal(results.lines, reference(query.number, make_events(input.config, input.events)));
  for (const std::string& line : results.lines) {
    result.checksum += hash_text(line);
  }
  return result;
}

void require_equal(const std::vector<std::string>& ours, const std::vector<std::string>& expected) {
  const auto [a, b] = std::mismatch(ours.begin(), ours.end(), expected.begin(), expected.end());
  if (a == ours.end() && b == expected.end()) {
    return;
  }
  throw std::runtime_error(fmt::format(
      "wrong result: {} lines, expected {}; of the sorted lines number {} is\n  {}\nexpected\n  {}",
      ours.size(), expected.size(), a - ours.begin() + 1, a == ours.end() ? "(none)" : *a,
      b == expected.end() ? "(none)" : *b));
}

}  // namespace wallaroo::bench::nexmark
