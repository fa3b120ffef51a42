// Windows: which records are aggregated together, and when their result is due.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <ratio>
#include <type_traits>
#include <utility>

#include <wallaroo/late_data.hpp>

#include "base/times.hpp"
#include "window/window_settings.hpp"

namespace wallaroo {

namespace internal {

/// The duration in nanoseconds, cut to whole ones; the greatest or least number where it is beyond
/// 64 bits, and the greatest for NaN.
template <class Rep, class Period>
constexpr std::int64_t saturated_ns(std::chrono::duration<Rep, Period> duration) {
  using Limits = std::numeric_limits<std::int64_t>;
  using Ratio = std::ratio_divide<Period, std::nano>;
  if constexpr (Ratio::den == 1 && std::is_integral_v<Rep>) {
    std::int64_t result = 0;
    if (__builtin_mul_overflow(duration.count(), Ratio::num, &result)) {
      return duration.count() < 0 ? Limits::min() : Limits::max();
    }
    return result;
  } else {
    const long double exact = static_cast<long double>(duration.count()) * Ratio::num / Ratio::den;
    if (exact <= static_cast<long double>(Limits::min())) {
      return Limits::min();
    }
    return exact < -static_cast<long double>(Limits::min()) ? static_cast<std::int64_t>(exact)
                                                            : Limits::max();
  }
}

/// Windows and what is made of their records: what a stage of windows is built from.
template <WindowKind window_kind, class A>
struct WindowDefinition {
  static constexpr WindowKind kind = window_kind;
  using Aggregation = A;
  WindowSettings settings;
  A aggregation;
};

/// What can be said of windows of every kind. `Self` is the kind's class.
template <class Self, WindowKind kind>
class WindowsOfKind {
 public:
  /// Closes all open windows, with Firing::closed, when the stage's input has stood still for this
  /// long: no record came and the watermark did not advance. Records for them are late afterwards.
  /// Unless this is said, range windows are closed after range + delay, session windows after
  /// gap + delay, and count windows wait.
  template <class Rep, class Period>
  Self with_timeout(std::chrono::duration<Rep, Period> timeout) const {
    return with_timeout_ns(saturated_ns(timeout));
  }

  /// What is made of each window's records: an aggregation, one of your own (see
  /// <wallaroo/aggregation.hpp>) or a ready one (<wallaroo/aggregates.hpp>).
  template <class A>
  WindowDefinition<kind, A> over(A aggregation) const {
    WindowSettings settings = settings_;
    if (kind != WindowKind::count && !timeout_given_) {
      settings.timeout_ns = saturating_add(length_ns(settings), settings.delay_ns);
    }
    return {settings, std::move(aggregation)};
  }

 protected:
  explicit WindowsOfKind(const WindowSettings& settings) : settings_(settings) {
    settings_.kind = kind;
  }

  template <class Change>
  Self with(Change change) const {
    Self changed = static_cast<const Self&>(*this);
    change(changed.WindowsOfKind::settings_);
    return changed;
  }
  Self with_timeout_ns(std::optional<std::int64_t> timeout_ns) const {
    Self changed = with([=](WindowSettings& s) { s.timeout_ns = timeout_ns; });
    changed.WindowsOfKind::timeout_given_ = true;
    return changed;
  }

 private:
  static std::int64_t length_ns(const WindowSettings& settings) {
    return kind == WindowKind::range ? settings.range_ns : settings.gap_ns;
  }

  WindowSettings settings_;
  bool timeout_given_ = false;
};

/// What can be said of windows that are cut by the times of records.
template <class Self, WindowKind kind>
class TimedWindows : public WindowsOfKind<Self, kind> {
 public:
  /// Waits for late records: a window fires when the watermark is this far beyond its end.
  template <class Rep, class Period>
  Self with_delay(std::chrono::duration<Rep, Period> delay) const {
    return this->with([=](WindowSettings& s) { s.delay_ns = saturated_ns(delay); });
  }

  /// What becomes of records whose windows have all fired. Unless this is said: LateData::drop.
  Self with_late_data_policy(LateData policy) const {
    return this->with([=](WindowSettings& s) { s.late_data = policy; });
  }

  /// Emits a preliminary result, with Firing::early, of every open window that has changed since,
  /// this often in processing time.
  template <class Rep, class Period>
  Self with_early_output(std::chrono::duration<Rep, Period> every) const {
    return this->with([=](WindowSettings& s) { s.early_every_ns = saturated_ns(every); });
  }

  /// Open windows wait for the watermark, however long the input stands still.
  Self without_timeout() const { return this->with_timeout_ns(std::nullopt); }

 protected:
  using WindowsOfKind<Self, kind>::WindowsOfKind;
};

}  // namespace internal

// Each method returns a changed copy. Durations are of any std::chrono type; they are cut to whole
// nanoseconds. What makes no windows (a range of zero, a slide longer than its windows) is a
// ConfigError, with the stage's name, when the stage is added to the application.

/// See range_windows.
class RangeWindows : public internal::TimedWindows<RangeWindows, internal::WindowKind::range> {
 public:
  /// A window starts every `slide`, which is at most the range; shorter, so that windows overlap
  /// and a record is in several. State and work are those of the parts that neighbours share, whose
  /// length is the greatest common divisor of range and slide.
  template <class Rep, class Period>
  RangeWindows with_slide(std::chrono::duration<Rep, Period> slide) const {
    return with([=](internal::WindowSettings& s) { s.slide_ns = internal::saturated_ns(slide); });
  }

  /// Shifts the windows of each key by an offset that its hash decides, so that not all keys fire
  /// at the same moment.
  RangeWindows spread_by_key() const {
    return with([](internal::WindowSettings& s) { s.spread_by_key = true; });
  }

 private:
  template <class Rep, class Period>
  friend RangeWindows range_windows(std::chrono::duration<Rep, Period> range);
  explicit RangeWindows(const internal::WindowSettings& settings) : TimedWindows(settings) {}
};

/// Windows that are `range` long, one after the other: [n * range, (n + 1) * range) since the Unix
/// epoch, for every integer n. Times are those that `event_time` gave the records, or else when
/// they came in.
///
///     range_windows(1min).with_slide(10s).with_delay(5s).over(max(&Trade::price))
template <class Rep, class Period>
RangeWindows range_windows(std::chrono::duration<Rep, Period> range) {
  internal::WindowSettings settings;
  settings.range_ns = settings.slide_ns = internal::saturated_ns(range);
  return RangeWindows(settings);
}

/// See session_windows.
class SessionWindows
    : public internal::TimedWindows<SessionWindows, internal::WindowKind::session> {
 private:
  template <class Rep, class Period>
  friend SessionWindows session_windows(std::chrono::duration<Rep, Period> gap);
  explicit SessionWindows(const internal::WindowSettings& settings) : TimedWindows(settings) {}
};

/// Windows that last as long as records of the key keep coming: a session is [first, last + gap) in
/// the records' times, and ends where none came for `gap`.
template <class Rep, class Period>
SessionWindows session_windows(std::chrono::duration<Rep, Period> gap) {
  internal::WindowSettings settings;
  settings.gap_ns = internal::saturated_ns(gap);
  return SessionWindows(settings);
}

/// See count_windows.
class CountWindows : public internal::WindowsOfKind<CountWindows, internal::WindowKind::count> {
 public:
  /// A window starts with every `records`-th record, which is at most the windows' count.
  CountWindows with_slide(std::int64_t records) const {
    return with([=](internal::WindowSettings& s) { s.count_slide = records; });
  }

 private:
  friend CountWindows count_windows(std::int64_t records);
  explicit CountWindows(const internal::WindowSettings& settings) : WindowsOfKind(settings) {}
};

/// Windows of so many records of a key, in the order in which they come, whatever their times: one
/// fires with its last record, and none is late. At the end of the stream the incomplete ones fire,
/// with Firing::closed.
inline CountWindows count_windows(std::int64_t records) {
  internal::WindowSettings settings;
  settings.count = settings.count_slide = records;
  return CountWindows(settings);
}

}  // namespace wallaroo
