// The aggregation of a stage of windows, as the windows call it.
#pragma once

#include <exception>
#include <utility>
#include <variant>

#include "step/failures/failure.hpp"
#include "step/stage.hpp"
#include "window/gathered.hpp"

namespace wallaroo::internal {

/// The user's aggregation. It distinguishes a failure to combine from a failure to take a record:
/// windows whose parts could not be combined are lost, so the application must stop.
template <class A>
struct GuardedAggregation {
  A aggregation;
  const StageInfo* stage;

  auto initial_accumulator() const { return aggregation.initial_accumulator(); }
  template <class In, class Accumulator>
  [[gnu::always_inline]] void update(const In& record, Accumulator& accumulator) const {
    aggregation.update(record, accumulator);
  }
  template <class T, class Accumulator>
  void update(const Gathered<T, Accumulator>& gathered, Accumulator& accumulator) const {
    if (const auto* const partial = gathered.partial()) {
      add(*partial, accumulator);
    } else if (const auto* const failed = std::get_if<2>(&gathered.what)) {
      std::rethrow_exception(failed->error);
    } else {
      aggregation.update(gathered.record(), accumulator);
    }
  }
  template <class Accumulator>
  Accumulator combine(const Accumulator& earlier, const Accumulator& later) const {
    try {
      return aggregation.combine(earlier, later);
    } catch (...) {
      throw_failed_aggregation(*stage, "to combine windows");
    }
  }

 private:
  // The accumulator is moved, so that one that is large need not be copied.
  template <class Accumulator>
  void add(const Partial<Accumulator>& partial, Accumulator& accumulator) const {
    try {
      accumulator = aggregation.combine(std::move(accumulator), partial.accumulator);
    } catch (...) {
      throw_failed_aggregation(*stage, "to combine windows");
    }
  }
};

}  // namespace wallaroo::internal
