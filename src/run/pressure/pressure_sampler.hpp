// Looks at the queues of a run now and then, and logs which stage or sink holds the others back.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "route/mailbox.hpp"
#include "run/pressure/back_pressure.hpp"

namespace wallaroo::internal {

/// Used on one thread. Queues and counters change meanwhile on other threads.
class PressureSampler {
 public:
  /// How often to call `sample`.
  static constexpr std::chrono::seconds sample_every{1};

  /// A segment or the writer of a sink, with queues before it. See PointLoad.
  struct Point {
    std::string name;
    int rank = 0;
    std::string peer;  ///< of a sink; else empty
    std::vector<const Mailbox*> queues;
    std::function<std::uint64_t()> records;  ///< taken so far
    /// The time for which each of its executors has worked so far, at this point or others.
    std::function<std::vector<double>()> busy_s;
    std::function<bool()> connected = {};  ///< of a sink; else empty
  };

  PressureSampler(std::vector<Point> points, const Log& log);

  void sample(std::int64_t now_ns);

 private:
  /// The earlier samples of a point.
  struct Seen {
    int samples_full = 0;       ///< samples since the last look in which a queue was full
    std::uint64_t records = 0;  ///< at the last look, and so is `busy_s`
    std::vector<double> busy_s;
    double away_s = 0;
  };

  void look(std::int64_t now_ns);
  static bool is_full(const Point& point);

  const std::vector<Point> points_;
  const Log& log_;
  std::vector<Seen> seen_;
  BackPressureWatch watch_;
  int samples_ = 0;  ///< since the last look
  std::int64_t looked_ns_ = 0;
  std::int64_t sampled_ns_ = 0;
};

}  // namespace wallaroo::internal
