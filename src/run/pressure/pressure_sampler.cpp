#include "run/pressure/pressure_sampler.hpp"

#include <algorithm>
#include <utility>

namespace wallaroo::internal {

PressureSampler::PressureSampler(std::vector<Point> points, const Log& log)
    : points_(std::move(points)), log_(log), seen_(points_.size()) {}

/// Nearly full counts, because that is how far a full queue empties before its producer wakes.
bool PressureSampler::is_full(const Point& point) {
  return std::any_of(point.queues.begin(), point.queues.end(),
                     [](const Mailbox* queue) { return queue->depth() >= Mailbox::nearly_full; });
}

void PressureSampler::sample(std::int64_t now_ns) {
  if (sampled_ns_ == 0) {
    sampled_ns_ = looked_ns_ = now_ns;
  }
  const double passed_s = static_cast<double>(now_ns - std::exchange(sampled_ns_, now_ns)) / 1e9;
  for (std::size_t i = 0; i < points_.size(); ++i) {
    seen_[i].samples_full += is_full(points_[i]) ? 1 : 0;
    const bool away = points_[i].connected && !points_[i].connected();
    seen_[i].away_s = away ? seen_[i].away_s + passed_s : 0;
  }
  ++samples_;
  if (static_cast<double>(now_ns - looked_ns_) >= BackPressureWatch::look_every_s * 1e9) {
    look(now_ns);
  }
}

void PressureSampler::look(std::int64_t now_ns) {
  const double interval_s = static_cast<double>(now_ns - std::exchange(looked_ns_, now_ns)) / 1e9;
  std::vector<PointLoad> loads;
  for (std::size_t i = 0; i < points_.size(); ++i) {
    const Point& point = points_[i];
    Seen& seen = seen_[i];
    const std::uint64_t taken = point.records();
    const std::vector<double> busy_s = point.busy_s();
    PointLoad& load = loads.emplace_back();
    load.name = point.name;
    load.rank = point.rank;
    load.peer = point.peer;
    load.away_s = seen.away_s;
    load.records_per_s =
        static_cast<double>(taken - std::exchange(seen.records, taken)) / interval_s;
    load.awaited = static_cast<double>(std::exchange(seen.samples_full, 0)) / samples_;
    seen.busy_s.resize(busy_s.size());
    for (std::size_t executor = 0; executor < busy_s.size(); ++executor) {
      load.busy = std::max(load.busy, (busy_s[executor] - seen.busy_s[executor]) / interval_s);
    }
    seen.busy_s = busy_s;
  }
  samples_ = 0;
  const double now_s = static_cast<double>(now_ns) / 1e9;
  if (const auto sentence = watch_.look(now_s, interval_s, loads)) {
    log_.info("{}", *sentence);
  }
}

}  // namespace wallaroo::internal
