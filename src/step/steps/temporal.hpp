// Steps that know about time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>
#include <optional>

namespace wallaroo::internal {

// Besides what every step has, a temporal step has: begin_batch(context); apply, whose next takes
// the place (the record's key and time) along with the record; set_watermark(in), called with every
// change of the watermark before the step and after everything that may change the one behind it,
// which it returns (a step that holds something back for later is not idle, whatever its input is:
// others must wait for what it will emit); pending() and fire(context, tally, next), a bounded part
// of what the watermark has made due, true when more is left; due_ns() and on_time(context, now,
// tally, next) for processing time; skip_time(gap), when input could not be read for so long, which
// is no silence of a sender; waiting(), whether records wait in it; and for partitions of a source
// what BatchReceiver has, end_partitions(), has_event_time() and partition_behind(), as a segment has.
//
// The end of time comes only after everything that the last watermark before it made due has fired.
// While a step has something left to fire because of the end, the watermark behind it stays where
// it was then: else what the next step takes for complete would follow from how firing is sliced.
// And a step passes on the end of time only when it has come in, also after a restart, so that the
// steps behind it hear of the last watermark again.

template <class Step>
inline constexpr bool is_temporal = false;
template <class Step>
requires(Step::temporal) inline constexpr bool is_temporal<Step> = true;

/// What most temporal steps do not care about.
struct TemporalStep {
  static constexpr bool temporal = true;
  static constexpr bool plain = false;
  static constexpr bool stateful = false;
  static constexpr bool may_view_its_record = false;

  bool waiting() const { return false; }
  void open_partition(std::uint64_t, std::int64_t, bool) {}
  void end_partition(std::uint64_t) {}
  void leave_partition(std::uint64_t) {}
  void forget_partition(std::uint64_t) {}
  void skip_time(std::int64_t) {}
  void end_partitions() {}
  bool has_event_time() const { return false; }
  std::optional<std::uint64_t> partition_behind() const { return std::nullopt; }
};

/// visit(step, its index as a constant), for the steps that are temporal, in their order.
template <class... Steps, class AllSteps, class Visit>
void visit_temporal(std::type_identity<std::tuple<Steps...>>, AllSteps& steps, Visit& visit) {
  const auto one = [&]<std::size_t I>(std::integral_constant<std::size_t, I> index) {
    if constexpr (is_temporal<std::tuple_element_t<I, std::tuple<Steps...>>>) {
      visit(std::get<I>(steps), index);
    }
  };
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (one(std::integral_constant<std::size_t, I>{}), ...);
  }
  (std::index_sequence_for<Steps...>{});
}

/// Records wait in the step, with what views in them point to.
template <class Step>
inline constexpr bool keeps_views_of_records = [] {
  if constexpr (requires { Step::holds_views_of_records; }) {
    return Step::holds_views_of_records;
  }
  return false;
}();

}  // namespace wallaroo::internal
