// Ten minutes of an application, made from one sample a second.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "ui/history/percentiles.hpp"
#include "ui/history/rings.hpp"
#include "ui/history/sample.hpp"
#include "ui/plan/plan_view.hpp"

namespace wallaroo::internal {

/// A stage on one executor, lately.
struct RecentStage {
  double in = 0;    ///< records per second, a mean that forgets within some seconds
  double out = 0;   ///< likewise
  double busy = 0;  ///< share of the executor's time, likewise
};
/// A segment on one executor, lately: shares of the executor's time.
struct RecentSegment {
  double busy = 0;
  double blocked = 0;
};

struct NodeHistory {
  NumberRing in, out, errors, busy, lag;
  CallRing calls;
  double call_seconds = 0;    ///< mean time of the function, as far as known
  double output_seconds = 0;  ///< mean time of making a result
};
struct EdgeHistory {
  NumberRing records, full, queued;
};
struct SourceHistory {
  NumberRing connections, bad, bytes;
};
struct SinkHistory {
  LatencyRing latency;
  NumberRing buffered, connected;
};
struct ExecutorHistory {
  NumberRing busy, blocked;
  int stands_for = 0;  ///< points in which its counters have not moved
  int took = 1;        ///< points since they had moved before, when they have moved now
};
struct ProcessHistory {
  NumberRing cpu, rss, checkpoint_age;
  NumberRing waiting;  ///< threads that could run but had no processor
  NumberRing failed;   ///< checkpoints that failed
};

/// Points are numbered from 1 on; point n is what happened between the samples n - 1 and n. When a
/// sample comes late, the points between it and the one before are missing, and so is its own,
/// because nobody knows when its records were counted. Needs about 45 kB for each stage.
class History {
 public:
  explicit History(PlanView view);

  /// Adds a sample, which is taken about a second after the one before.
  void add(const Sample& sample);
  /// Tells that the counters begin anew with the next sample: another run has begun.
  void restart() { counters_continue_ = false; }

  /// The number of the newest point; 0 before the first sample.
  std::uint64_t newest() const { return newest_; }
  /// The oldest point that is kept; above `newest` when there is none.
  std::uint64_t oldest() const {
    return newest_ < history_points ? 1 : newest_ - history_points + 1;
  }
  /// The Unix time of a point.
  double time_of(std::uint64_t number) const {
    return sample_.time + static_cast<double>(number) - static_cast<double>(newest_);
  }
  const PlanView& view() const { return view_; }
  /// The newest sample.
  const Sample& sample() const { return sample_; }

  const NodeHistory& node(std::size_t id) const { return nodes_[id]; }
  const EdgeHistory& edge(std::size_t id) const { return edges_[id]; }
  /// Of a source or sink; null for other nodes.
  const SourceHistory* source(std::size_t node) const { return optional(sources_[node]); }
  const SinkHistory* sink(std::size_t node) const { return optional(sinks_[node]); }
  const ExecutorHistory& executor(std::size_t executor) const { return executors_[executor]; }
  const ProcessHistory& process() const { return process_; }
  const RecentStage& recent(std::size_t node, std::size_t executor) const {
    return recent_[node][executor];
  }
  /// Of the segment whose time the stage's is part of.
  const RecentSegment& recent_segment(std::size_t segment, std::size_t executor) const {
    return recent_segments_[segment][executor];
  }
  /// In the last minute.
  double failed_checkpoints_lately() const;
  /// The segment that a node's function runs in: of a sink, that of its encoder.
  std::size_t working_segment(std::size_t node) const;

 private:
  template <class Part>
  static const Part* optional(const std::vector<Part>& part) {
    return part.empty() ? nullptr : &part.front();
  }
  void skip(std::uint64_t points);
  void add_point(const Sample& now, double seconds);
  void set_node(std::size_t id, const Sample& now, double seconds);
  void set_busy(const Sample& now, double seconds);
  void set_segment_busy(std::size_t segment, const Sample& now, double seconds,
                        std::vector<double>& shares);
  void look_whether_it_stands(std::size_t executor, const ExecutorSample& after);
  void set_executor(std::size_t executor, const ExecutorSample& after, double seconds);
  /// What was counted since the sample before, by how many points ago it may have happened.
  using Past = std::vector<double>;
  void add_to(Past& past, double growth, std::size_t executor) const;
  void set_rate(NumberRing& ring, const Past& past, double seconds) const;
  void spread_back(NumberRing& ring, double seconds_busy) const;
  double cost(std::size_t node, std::size_t executor, const Sample& now) const;
  double executors_of(std::size_t node, const Sample& now) const;
  double records_into(std::size_t node, const Sample& now) const;
  void set_gauges(const Sample& now);
  void blank();

  const PlanView view_;
  std::vector<std::vector<std::size_t>> nodes_of_segment_;
  std::vector<NodeHistory> nodes_;
  std::vector<EdgeHistory> edges_;
  // By node; empty where it is none.
  std::vector<std::vector<SourceHistory>> sources_;
  std::vector<std::vector<SinkHistory>> sinks_;
  std::vector<ExecutorHistory> executors_;
  ProcessHistory process_;
  std::vector<std::vector<RecentStage>> recent_;
  std::vector<std::vector<RecentSegment>> recent_segments_;
  Sample sample_;
  std::uint64_t newest_ = 0;
  bool counters_continue_ = false;
};

}  // namespace wallaroo::internal
