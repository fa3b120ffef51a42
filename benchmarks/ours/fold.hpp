// A sink that adds up its records, on each executor separately.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include <wallaroo/wallaroo.hpp>

#include "support/counting.hpp"
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

// The sum of a counter over all its labels.
inline double total_of(const Engine& engine, std::string_view counter) {
  const std::string text = engine.metrics_text();
  double total = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    const std::string_view line(text.data() + at, end - at);
    if (line.starts_with(counter) && line.substr(counter.size(), 1) == "{") {
      total += std::stod(std::string(line.substr(line.rfind(' '))));
    }
    at = end + 1;
  }
  return total;
}

// Runs the application to its end and returns the seconds from before its start. `figures` gets the
// bytes of the records that were handed over at edges, and the number of their batches.
inline double timed_run(const Application& application, const EngineOptions& options,
                        std::map<std::string, double>& figures) {
  Engine engine(application, options);
  const auto begin = std::chrono::steady_clock::now();
  const Outcome outcome = [&] {
    const Counting counting;
    engine.start();
    return engine.wait();
  }();
  const auto end = std::chrono::steady_clock::now();
  if (!outcome.ok) {
    throw Error(outcome.error);
  }
  figures["exchanged_bytes"] = total_of(engine, "wallaroo_edge_bytes_total");
  figures["batches"] = total_of(engine, "wallaroo_edge_batches_total");
  return std::chrono::duration<double>(end - begin).count();
}
inline double timed_run(const Application& application, unsigned threads) {
  std::map<std::string, double> figures;
  return timed_run(application, options_for(threads), figures);
}

}  // namespace wallaroo::bench
