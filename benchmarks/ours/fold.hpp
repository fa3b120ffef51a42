// A sink that adds up its records, on each executor separately.
#pragma once

#include <atomic>
#include <cstdint>

#include <wallaroo/wallaroo.hpp>

#include "support/program.hpp"

namespace wallaroo::bench {

// Copied to every executor; a copy adds its part to the total at the end of its stream.
class Fold {
 public:
  explicit Fold(std::atomic<std::uint64_t>& total) : total_(&total) {}

  void add(std::uint64_t value) { sum_ += value; }
  void finish() { total_->fetch_add(sum_, std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t>* total_;
  std::uint64_t sum_ = 0;
};

inline EngineOptions options_for(unsigned threads) {
  return {.threads = static_cast<int>(threads),
          .http = {},
          .addresses = {},
          .log_level = LogLevel::error,
          .log = {}};
}

// Runs the application to its end and returns the seconds from before its start.
inline double timed_run(const Application& application, const EngineOptions& options) {
  Engine engine(application, options);
  const auto begin = std::chrono::steady_clock::now();
  engine.start();
  const Outcome outcome = engine.wait();
  const auto end = std::chrono::steady_clock::now();
  if (!outcome.ok) {
    throw Error(outcome.error);
  }
  return std::chrono::duration<double>(end - begin).count();
}
inline double timed_run(const Application& application, unsigned threads) {
  return timed_run(application, options_for(threads));
}

}  // namespace wallaroo::bench
