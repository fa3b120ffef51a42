// Takes samples from the registry of a run.
#pragma once

#include <cstdint>
#include <vector>

#include "metrics/registry.hpp"
#include "ui/history/sample.hpp"
#include "ui/plan/plan_view.hpp"

namespace wallaroo::internal {

/// Finds the counters of all nodes once, so that a sample only reads them.
class RegistrySampler {
 public:
  /// The registry must be complete, and outlive this.
  RegistrySampler(const Registry& registry, const PlanView& view);
  RegistrySampler(const RegistrySampler&) = delete;
  RegistrySampler& operator=(const RegistrySampler&) = delete;

  /// Returns what the counters say now. The next call overwrites it.
  Sample& take(std::int64_t steady_ns, double time);

 private:
  struct Copy {
    const MetricSeries* from;
    MetricUnit unit;
    double* to;
  };
  struct CopyBins {
    const LatencyHistogram* from;
    BinCounts* to;
  };
  struct Labelled;

  void size_up(const PlanView& view);
  void add(const MetricFamily& family, const MetricSeries& series, const PlanView& view);
  BinCounts* bins_in(const Labelled& at, const PlanView& view);
  double* number_in(const Labelled& at, const PlanView& view);

  Sample sample_;
  std::vector<Copy> copies_;
  std::vector<CopyBins> bins_;
};

}  // namespace wallaroo::internal
