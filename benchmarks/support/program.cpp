#include "support/program.hpp"

#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <barrier>
#include <exception>
#include <stdexcept>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "support/counting.hpp"

namespace wallaroo::bench {
namespace {

rusage usage() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return used;
}

void print(const Result& result) {
  fmt::print("{{\"records\":{},\"seconds\":{:.9f},\"checksum\":\"{:016x}\"", result.records,
             result.seconds, result.checksum);
  for (const auto& [name, figure] : result.figures) {
    fmt::print(",\"{}\":{}", name, figure);
  }
  const rusage used = usage();
  fmt::print(",\"peak_kib\":{},\"sleeps\":{}}}\n", used.ru_maxrss, used.ru_nvcsw);
}

}  // namespace

int run_program(int argc, char** argv, const std::string& description, Parameters defaults,
                const std::function<Result(const Parameters&)>& body) {
  CLI::App app(description);
  Parameters parameters = defaults;
  app.add_option("--threads", parameters.threads, "threads that share the work")
      ->check(CLI::Range(1U, 256U))
      ->capture_default_str();
  if (parameters.records != 0) {
    app.add_option("--records", parameters.records, "records to process, over all threads")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 60))
        ->capture_default_str();
  }
  for (auto& [name, number] : parameters.numbers) {
    app.add_option("--" + name, number)->check(CLI::PositiveNumber)->capture_default_str();
  }
  for (auto& [name, text] : parameters.texts) {
    app.add_option("--" + name, text);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  try {
    const Result result = body(parameters);
    print(result);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", argv[0], error.what());
    return 1;
  }
}

std::uint64_t rounds_of(std::uint64_t records, std::size_t size) {
  if (records == 0 || records % size != 0) {
    throw std::invalid_argument(
        fmt::format("--records must be a multiple of {}, the size of the input", size));
  }
  return records / size;
}

Share share_of(std::uint64_t records, unsigned index, unsigned count) {
  const std::uint64_t each = records / count;
  const std::uint64_t rest = records % count;
  const auto begin_of = [&](std::uint64_t i) { return i * each + std::min(i, rest); };
  return {begin_of(index), begin_of(index + 1ULL)};
}

double timed_on_threads(unsigned threads, const std::function<void(unsigned)>& body) {
  using Clock = std::chrono::steady_clock;
  Clock::time_point start;
  std::vector<Clock::time_point> ends(threads);
  // The threads read the clock themselves: with a thread on every core, another thread that kept
  // the time would be scheduled late, after part of the work is done.
  const auto note_start = [&start]() noexcept { start = Clock::now(); };
  const Counting counting;
  std::barrier ready(static_cast<std::ptrdiff_t>(threads), note_start);
  std::vector<std::jthread> running;
  running.reserve(threads);
  for (unsigned index = 0; index < threads; ++index) {
    running.emplace_back([&, index] {
      ready.arrive_and_wait();
      body(index);
      ends[index] = Clock::now();
    });
  }
  running.clear();
  return std::chrono::duration<double>(*std::max_element(ends.begin(), ends.end()) - start).count();
}

}  // namespace wallaroo::bench
