// Steps that know about time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace wallaroo::internal {

// A temporal step has these members besides those of every step:
//   begin_batch(context)
//   apply(...)          as in every step, but `next` also takes the key_time (key and time)
//   set_watermark(in)   returns the watermark behind the step. Called with every change of the
//                       watermark before the step, and after everything that may change the one
//                       behind it. A step that holds something back is not idle, whatever its
//                       input is, because others must wait for what it will emit.
//   pending()           true when something is due
//   fire(context, tally, next)   fires a bounded part of what is due; true when more is left
//   due_ns(), on_time(context, now, tally, next)   as in Segment, for processing time
//   skip_time(gap)      as in Segment
//   waiting()           true while records wait in it
// and, as in Segment, end_partitions(), has_event_time(), partition_behind() and the calls about
// partitions.
//
// The end of time comes only after everything that the last watermark before it made due has fired.
// While a step has something left to fire because of the end, the watermark behind it stays where
// it was; otherwise the slices of firing would decide which windows of the next step are complete.
// A step passes on the end of time only when it has come in, also after a restart, so that the
// steps behind it get the last watermark again.

template <class Step>
inline constexpr bool is_temporal = false;
template <class Step>
requires(Step::temporal) inline constexpr bool is_temporal<Step> = true;

/// The default members of temporal steps.
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

/// Calls visit(step, its index as a constant) for the temporal steps, in their order.
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

/// True when records with views may wait in the step.
template <class Step>
inline constexpr bool keeps_views_of_records = [] {
  if constexpr (requires { Step::holds_views_of_records; }) {
    return Step::holds_views_of_records;
  }
  return false;
}();

}  // namespace wallaroo::internal
