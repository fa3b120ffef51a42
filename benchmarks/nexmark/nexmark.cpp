// Runs one query of Nexmark: timed, or compared with the reference.
#include <CLI/CLI.hpp>
#include <exception>

#include <fmt/format.h>

#include "nexmark/runner.hpp"

namespace wallaroo::bench::nexmark {
namespace {

struct Options {
  int query = 0;
  Input input{{}, 1'000'000, 2};
  bool check = false;
  bool list = false;
};

void add_options(CLI::App& app, Options& options) {
  app.add_option("--query", options.query, "which query")->capture_default_str();
  app.add_option("--events", options.input.events, "events to make, over all threads")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40))
      ->capture_default_str();
  app.add_option("--threads", options.input.partitions, "threads that share the work")
      ->check(CLI::Range(1U, 256U))
      ->capture_default_str();
  app.add_option("--disorder", options.input.config.disorder,
                 "events come in groups of so many, out of order within a group")
      ->capture_default_str();
  app.add_flag("--check", options.check, "hold the result against the reference; not for timing");
  app.add_flag("--list", options.list, "print the numbers of the queries and end");
}

void print_list() {
  for (const Query& query : queries()) {
    fmt::print("{}\n", query.number);
  }
}

void run(const Options& options) {
  const Query& query = query_of(options.query);
  const Result result =
      options.check ? check_query(query, options.input) : run_query(query, options.input);
  fmt::print("{{\"records\":{},\"seconds\":{:.9f},\"checksum\":\"{:016x}\"}}\n", result.records,
             result.seconds, result.checksum);
}

int parse_and_run(int argc, char** argv) {
  CLI::App app("A query of Nexmark on the engine; making the events is part of the run.");
  Options options;
  add_options(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  options.list ? print_list() : run(options);
  return 0;
}

}  // namespace
}  // namespace wallaroo::bench::nexmark

int main(int argc, char** argv) {
  try {
    return wallaroo::bench::nexmark::parse_and_run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", argv[0], error.what());
    return 1;
  }
}
