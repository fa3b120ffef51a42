// Measures how late the machine itself makes records: threads do nothing but read the clock, and
// the program prints how long a record that was due at some moment would have waited for them.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

#include "support/program.hpp"

namespace wallaroo::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

// A gap between two readings of the clock that is longer than reading takes.
std::vector<double> gaps_ms(Clock::time_point until) {
  constexpr Milliseconds shortest{0.02};
  std::vector<double> gaps;
  Clock::time_point last = Clock::now();
  while (last < until) {
    const Clock::time_point now = Clock::now();
    if (now - last > shortest) {
      gaps.push_back(Milliseconds(now - last).count());
    }
    last = now;
  }
  return gaps;
}

// The wait that is exceeded for this part of all moments. A moment in a gap waits for the gap's
// end.
double exceeded_for(double part, const std::vector<double>& gaps, double all_ms) {
  const auto exceeded = [&](double wait_ms) {
    double sum = 0;
    for (const double gap : gaps) sum += std::max(0.0, gap - wait_ms);
    return sum / all_ms;
  };
  double low = 0;
  double high = gaps.empty() ? 0 : *std::max_element(gaps.begin(), gaps.end());
  for (int step = 0; step < 50; ++step) {
    const double middle = (low + high) / 2;
    (exceeded(middle) > part ? low : high) = middle;
  }
  return high;
}

Result run(const Parameters& parameters) {
  const std::chrono::seconds length(parameters.numbers.at("seconds"));
  std::vector<std::vector<double>> by_thread(parameters.threads);
  const double seconds = timed_on_threads(
      parameters.threads, [&](unsigned self) { by_thread[self] = gaps_ms(Clock::now() + length); });
  std::vector<double> gaps;
  for (const auto& some : by_thread) gaps.insert(gaps.end(), some.begin(), some.end());
  const double all_ms = Milliseconds(length).count() * parameters.threads;
  return {gaps.size(),
          seconds,
          0,
          {{"p99_ms", exceeded_for(0.01, gaps, all_ms)},
           {"p99_9_ms", exceeded_for(0.001, gaps, all_ms)},
           {"max_ms", gaps.empty() ? 0 : *std::max_element(gaps.begin(), gaps.end())}}};
}

}  // namespace
}  // namespace wallaroo::bench

int main(int argc, char** argv) {
  return wallaroo::bench::run_program(
      argc, argv, "how late the machine itself makes what is due at a moment",
      {.threads = 2, .numbers = {{"seconds", 3}}}, wallaroo::bench::run);
}
