// Joins of two keyed streams over an interval of time.
#pragma once

#include <chrono>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include <wallaroo/late_data.hpp>
#include <wallaroo/stage_options.hpp>

#include "plan/join_of.hpp"

namespace wallaroo {

/// A join that knows its interval; made by `a.join(b).within(lower, upper)`. Each method returns a
/// changed copy.
template <class A, class B, internal::JoinKind kind>
class IntervalJoin {
 public:
  using Left = typename internal::StreamTraits<A>::Record;
  using Right = typename internal::StreamTraits<B>::Record;

  /// Records of the left stream without a partner come out too, once none can follow.
  auto left() const { return of_kind<internal::JoinKind::left>(); }
  /// The same for the right stream.
  auto right() const { return of_kind<internal::JoinKind::right>(); }
  /// The same for both.
  auto full() const { return of_kind<internal::JoinKind::full>(); }

  /// Waits for late records: records are kept this much longer than the watermark asks for.
  template <class Rep, class Period>
  IntervalJoin with_delay(std::chrono::duration<Rep, Period> delay) const {
    IntervalJoin changed = *this;
    changed.settings_.delay_ns = internal::saturated_ns(delay);
    return changed;
  }
  /// What becomes of records that come more than the delay behind the watermark, so that partners
  /// of theirs may have left, and that find no partner: LateData::drop unless this is said, or
  /// LateData::fire_per_message: emitted alone where the kind of the join does so, else dropped.
  /// See also `to_with_late`.
  IntervalJoin with_late_data_policy(LateData policy) const {
    IntervalJoin changed = *this;
    changed.settings_.late = policy;
    return changed;
  }

  /// When all inputs have been idle for this long, every record that waits is given up: emitted
  /// alone where the kind of the join does so, and forgotten. Records that come behind that later
  /// are late. Unless this is said, records wait for the watermark.
  template <class Rep, class Period>
  IntervalJoin with_timeout(std::chrono::duration<Rep, Period> timeout) const {
    IntervalJoin changed = *this;
    changed.settings_.timeout_ns = internal::saturated_ns(timeout);
    return changed;
  }

  /// The stage: `function(const Left&, const Right&)` makes the output, T or std::optional<T>, of
  /// each pair. Of a left, right or full join a side that may be missing comes as a pointer. An
  /// output has the later of its records' times.
  template <class F>
  auto to(std::string name, F function, StageOptions options = {}) const {
    return internal::both_sides(left_, right_, name)
        .to(name, internal::JoinOf<kind, std::decay_t<F>, Left, Right>{settings_, function},
            options);
  }

  /// The stage, and the late records that found no partner as a stream of
  /// `std::variant<Left, Right>` beside its results: `auto [results, late] = ...`.
  template <class F>
  auto to_with_late(std::string name, F function, StageOptions options = {}) const {
    internal::JoinSettings settings = settings_;
    settings.late = LateData::to_stream;
    const auto both =
        internal::both_sides(left_, right_, name)
            .to(name,
                internal::JoinWithLate<kind, std::decay_t<F>, Left, Right>{settings, function},
                options);
    return internal::split_late(both, name);
  }

 private:
  template <class, class, internal::JoinKind>
  friend class IntervalJoin;
  template <class, class>
  friend class Joining;

  IntervalJoin(A left, B right, internal::JoinSettings settings)
      : left_(std::move(left)), right_(std::move(right)), settings_(settings) {
    settings_.kind = kind;
  }
  template <internal::JoinKind other>
  IntervalJoin<A, B, other> of_kind() const {
    return {left_, right_, settings_};
  }

  A left_;
  B right_;
  internal::JoinSettings settings_;
};

/// Two streams to be joined; made by `a.join(b)`.
template <class A, class B>
class Joining {
 public:
  /// A record of the left stream at time t and one of the right match when they have the same key
  /// and the right one's time is in [t + lower, t + upper]. Both may be negative.
  template <class Rep1, class Period1, class Rep2, class Period2>
  IntervalJoin<A, B, internal::JoinKind::inner> within(
      std::chrono::duration<Rep1, Period1> lower,
      std::chrono::duration<Rep2, Period2> upper) const {
    internal::JoinSettings settings;
    settings.lower_ns = internal::saturated_ns(lower);
    settings.upper_ns = internal::saturated_ns(upper);
    return {left_, right_, settings};
  }

 private:
  friend struct internal::JoinAccess;
  Joining(A left, B right) : left_(std::move(left)), right_(std::move(right)) {}

  A left_;
  B right_;
};

namespace internal {

struct JoinAccess {
  template <class A, class B>
  static Joining<A, B> make(A left, B right) {
    return {std::move(left), std::move(right)};
  }
};

}  // namespace internal

}  // namespace wallaroo
