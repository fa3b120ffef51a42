// Notes when records arrived that were sent at a steady rate, and how late they were.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

namespace wallaroo::bench {

struct Arrival {
  std::uint64_t index;
  std::int64_t at_ns;
};

struct Arrivals {
  std::mutex mutex;
  std::vector<Arrival> all;
};

// Each executor's copy hands its arrivals over at the end.
class ArrivalRecorder {
 public:
  // `expected` records in all: memory for them is touched at the first one, not while latencies
  // are measured.
  explicit ArrivalRecorder(std::shared_ptr<Arrivals> arrivals, std::size_t expected)
      : arrivals_(std::move(arrivals)), expected_(expected) {}

  void add(std::uint64_t index) {
    if (own_.empty()) {
      own_.resize(expected_);
      own_.clear();
    }
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    own_.push_back({index, std::chrono::nanoseconds(now).count()});
  }
  void finish() {
    const std::lock_guard lock(arrivals_->mutex);
    arrivals_->all.insert(arrivals_->all.end(), own_.begin(), own_.end());
  }

 private:
  std::shared_ptr<Arrivals> arrivals_;
  std::size_t expected_;
  std::vector<Arrival> own_;
};

struct Pace {
  double rate = 0;       // records per second, over all sources
  unsigned sources = 1;  // record i is of source i modulo `sources`
  double warm_up_s = 0;  // records that were due before this time are left out
};

// Milliseconds from when each record was due to when it arrived, in order: without coordinated
// omission. Each source starts at a moment of its own, which is derived from the record with the
// least latency.
inline std::vector<double> latencies_ms(const std::vector<Arrival>& arrivals, const Pace& pace) {
  const auto since_start = [&](const Arrival& arrival) {
    return static_cast<double>(arrival.at_ns - arrivals.front().at_ns) -
           static_cast<double>(arrival.index) * 1e9 / pace.rate;
  };
  std::vector<double> least(pace.sources, std::numeric_limits<double>::max());
  for (const Arrival& arrival : arrivals) {
    double& start = least[arrival.index % pace.sources];
    start = std::min(start, since_start(arrival));
  }
  std::vector<double> result;
  for (const Arrival& arrival : arrivals) {
    if (static_cast<double>(arrival.index) > pace.rate * pace.warm_up_s) {
      result.push_back((since_start(arrival) - least[arrival.index % pace.sources]) / 1e6);
    }
  }
  if (result.empty()) {
    throw std::runtime_error("--seconds is too short: nothing came after the warm-up");
  }
  std::sort(result.begin(), result.end());
  return result;
}

inline double percentile(const std::vector<double>& sorted, double part) {
  return sorted[static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1))];
}

inline std::map<std::string, double> latency_figures(const std::vector<Arrival>& arrivals,
                                                     const Pace& pace) {
  const std::vector<double> sorted = latencies_ms(arrivals, pace);
  return {{"p50_ms", percentile(sorted, 0.5)},
          {"p99_ms", percentile(sorted, 0.99)},
          {"p99_9_ms", percentile(sorted, 0.999)},
          {"max_ms", sorted.back()}};
}

}  // namespace wallaroo::bench
