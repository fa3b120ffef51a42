// Joins of two keyed streams over an interval of time.
#pragma once

#include <chrono>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include <wallaroo/types/late_data.hpp>
#include <wallaroo/types/stage_options.hpp>

#include "plan/join_of.hpp"

namespace wallaroo {

/// A join that knows its interval; made by `a.join(b).within(lower, upper)`. It emits only pairs,
/// unless `left`, `right` or `full` is called. Each method but `to` and `to_with_late` returns a
/// changed copy. For options that cannot work (lower above upper, a negative delay, a time-out that
/// is not positive) the Engine's constructor throws ConfigError with the stage's name.
template <class A, class B, internal::JoinKind kind>
class IntervalJoin {
 public:
  using Left = typename internal::StreamTraits<A>::Record;   ///< record type of the left stream
  using Right = typename internal::StreamTraits<B>::Record;  ///< record type of the right stream

  /// Also emits records of the left stream that have no partner, once none can follow.
  auto left() const { return of_kind<internal::JoinKind::left>(); }
  /// Also emits records of the right stream that have no partner, once none can follow.
  auto right() const { return of_kind<internal::JoinKind::right>(); }
  /// Also emits records of either stream that have no partner, once none can follow.
  auto full() const { return of_kind<internal::JoinKind::full>(); }

  /// Waits for late records: every record is kept this much longer than the watermark requires.
  /// Zero unless this is called.
  template <class Rep, class Period>
  IntervalJoin with_delay(std::chrono::duration<Rep, Period> delay) const {
    IntervalJoin changed = *this;
    changed.settings_.delay_ns = internal::saturated_ns(delay);
    return changed;
  }
  /// Decides about late records that find no partner. A record is late when it is more than the
  /// delay behind the watermark, so that a partner may have left already. LateData::drop, the
  /// default, drops it; LateData::fire_per_message emits it alone if the kind of the join emits
  /// records without a partner, and drops it otherwise. For a stream of such records use
  /// `to_with_late`; other policies are a ConfigError.
  IntervalJoin with_late_data_policy(LateData policy) const {
    IntervalJoin changed = *this;
    changed.settings_.late = policy;
    return changed;
  }

  /// Gives up all waiting records when all inputs have been idle for this long in processing time:
  /// they leave as if the watermark had passed all their possible partners, and are emitted alone
  /// if the kind of the join does so. A record that comes afterwards and is behind that point is
  /// late. Without this call records wait for the watermark.
  template <class Rep, class Period>
  IntervalJoin with_timeout(std::chrono::duration<Rep, Period> timeout) const {
    IntervalJoin changed = *this;
    changed.settings_.timeout_ns = internal::saturated_ns(timeout);
    return changed;
  }

  /// Adds the stage and returns the stream of its outputs. `function(const Left&, const Right&)`
  /// makes the output of each pair, T or std::optional<T> (empty: none). In a left, right or full
  /// join it takes a side that may be missing as a pointer, which is null then. An output has the
  /// later of its records' times.
  template <class F>
  auto to(std::string name, F function, StageOptions options = {}) const {
    return internal::both_sides(left_, right_, name)
        .to(name, internal::JoinOf<kind, std::decay_t<F>, Left, Right>{settings_, function},
            options);
  }

  /// Like `to`, but returns two streams: the outputs, and the late records that found no partner,
  /// as `std::variant<Left, Right>`: `auto [results, late] = join.to_with_late("name", function)`.
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

/// Two streams that are to be joined; made by `a.join(b)`.
template <class A, class B>
class Joining {
 public:
  /// A record of the left stream at time t and a record of the right stream match when they have
  /// the same key and the time of the right one is in [t + lower, t + upper]. Both bounds may be
  /// negative.
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
