// The counts of a chain that are not published yet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <tuple>
#include <utility>

#include "step/chain_context.hpp"

namespace wallaroo::internal {

/// Counts records that came to a stage at the end of a chain; those on which it did not fail are
/// its outputs.
inline void count_at_end(StageRuntime& stage, std::uint64_t records) {
  StageMetrics& counted = stage.metrics;
  counted.records_in.add(records);
  counted.records_out.add(counted.records_in.value() - counted.errors.value() -
                          counted.records_out.value());
}

/// Collects counts, so that the counters that other threads read are written only once per flush.
template <class... Steps>
class ChainCounts {
 public:
  using Counts = Tally<sizeof...(Steps)>;

  /// Adds the counts of one pass over `input` records.
  void add(const Counts& tally, std::size_t input) {
    tally.add_to(counted_);
    input_ += input;
    any_ = true;
  }

  /// Adds all counts to the metrics. `head` is the stage of a source without a decoder, or null.
  template <class Terminal>
  void publish(StageRuntime* head, std::tuple<Steps...>& steps, Terminal& terminal) {
    if (!any_) {
      return;
    }
    const Counts tally = std::exchange(counted_, {});
    std::uint64_t records = std::exchange(input_, 0);
    any_ = false;
    if (head != nullptr) {
      head->metrics.records_in.add(records);
      head->metrics.records_out.add(records);
    }
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (publish_step(std::get<I>(steps), tally.of[I], records), ...);
    }
    (std::index_sequence_for<Steps...>{});
    terminal.for_each_stage([&](StageRuntime& stage) { count_at_end(stage, records); });
  }

 private:
  template <class Step>
  static void publish_step(Step& step, std::uint64_t counted, std::uint64_t& records) {
    step.stage().metrics.records_in.add(records);
    records = Step::tallies_losses ? records - counted : counted;
    step.stage().metrics.records_out.add(records);
  }

  Counts counted_;
  std::uint64_t input_ = 0;
  bool any_ = false;
};

}  // namespace wallaroo::internal
