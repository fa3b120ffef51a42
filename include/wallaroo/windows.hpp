// Windows: which records are aggregated together, and when their result is due.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <ratio>
#include <type_traits>
#include <utility>

#include <wallaroo/types/late_data.hpp>

#include "base/times.hpp"
#include "window/window_settings.hpp"

namespace wallaroo {

namespace internal {

/// The duration in nanoseconds, truncated to whole ones. A duration beyond 64 bits becomes the
/// greatest or least number, NaN the greatest.
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

/// Windows with their aggregation: the definition from which a stage of windows is built.
template <WindowKind window_kind, class A>
struct WindowDefinition {
  static constexpr WindowKind kind = window_kind;
  using Aggregation = A;
  WindowSettings settings;
  A aggregation;
};

/// The options of windows of every kind. `Self` is the kind's class.
template <class Self, WindowKind kind>
class WindowsOfKind {
 public:
  /// Closes all open windows, with Firing::closed, when the stage's input has stood still for this
  /// long in processing time: no record came and the watermark did not advance. Records for these
  /// windows are late afterwards. Without this call range windows are closed after range + delay,
  /// session windows after gap + delay, and count windows wait.
  template <class Rep, class Period>
  Self with_timeout(std::chrono::duration<Rep, Period> timeout) const {
    return with_timeout_ns(saturated_ns(timeout));
  }

  /// Completes the definition, for `Stream::to`, with the aggregation that makes a result of each
  /// window's records: a ready one (<wallaroo/aggregates.hpp>) or one of your own (see
  /// <wallaroo/aggregation.hpp>).
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
    Self changed = with([=](WindowSettings& s) {
      s.timeout_ns = timeout_ns;
      s.flush = false;
    });
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

/// The options of windows that are cut by the times of records.
template <class Self, WindowKind kind>
class TimedWindows : public WindowsOfKind<Self, kind> {
 public:
  /// Waits for late records: a window fires when the watermark is this far beyond its end. Zero
  /// unless this is called.
  template <class Rep, class Period>
  Self with_delay(std::chrono::duration<Rep, Period> delay) const {
    return this->with([=](WindowSettings& s) { s.delay_ns = saturated_ns(delay); });
  }

  /// Decides about late records, those whose windows have all fired. LateData::drop unless this is
  /// called.
  Self with_late_data_policy(LateData policy) const {
    return this->with([=](WindowSettings& s) { s.late_data = policy; });
  }

  /// Emits preliminary results, with Firing::early, this often in processing time, for every open
  /// window that has changed since its last result. Off unless this is called.
  template <class Rep, class Period>
  Self with_early_output(std::chrono::duration<Rep, Period> every) const {
    return this->with([=](WindowSettings& s) { s.early_every_ns = saturated_ns(every); });
  }

  /// Lets open windows wait for the watermark, however long the input stands still.
  Self without_timeout() const { return this->with_timeout_ns(std::nullopt); }

 protected:
  using WindowsOfKind<Self, kind>::WindowsOfKind;
};

}  // namespace internal

// Each method returns a changed copy. Durations are of any std::chrono type; they are truncated to
// whole nanoseconds. For settings that cannot work (a range of zero, a slide longer than its
// windows) the Engine's constructor throws ConfigError with the stage's name.

/// Windows of a fixed length in time; made by `range_windows`.
class RangeWindows : public internal::TimedWindows<RangeWindows, internal::WindowKind::range> {
 public:
  /// Starts a window every `slide`, which must not exceed the range. If it is shorter, windows
  /// overlap and a record is in several. Overlapping windows share panes, whose length is the
  /// greatest common divisor of range and slide; state and work grow with the number of panes.
  template <class Rep, class Period>
  RangeWindows with_slide(std::chrono::duration<Rep, Period> slide) const {
    return with([=](internal::WindowSettings& s) { s.slide_ns = internal::saturated_ns(slide); });
  }

  /// Shifts the windows of each key by an offset that its hash decides, so that not all keys fire
  /// at the same moment.
  RangeWindows spread_by_key() const {
    return with([](internal::WindowSettings& s) { s.spread_by_key = true; });
  }

  /// Gives results also of windows without records, which have the initial accumulator: of each key
  /// from its first window on, as long as the stage gets records. When it gets none for four times
  /// range + delay, in the times of records, it forgets keys without records in open windows. Such
  /// windows need a timer for each key and slide, so they are not for millions of keys.
  RangeWindows with_empty_windows() const {
    return with([](internal::WindowSettings& s) { s.empty_windows = true; });
  }

 private:
  template <class Rep, class Period>
  friend RangeWindows range_windows(std::chrono::duration<Rep, Period> range);
  explicit RangeWindows(const internal::WindowSettings& settings) : TimedWindows(settings) {}
};

/// Makes windows that are `range` long, one after the other: [n * range, (n + 1) * range) since the
/// Unix epoch, for every integer n. Records are assigned by the times that `event_time` gave them,
/// or else by the times at which the source read them.
///
///     range_windows(1min).with_slide(10s).with_delay(5s).over(max(&Trade::price))
template <class Rep, class Period>
RangeWindows range_windows(std::chrono::duration<Rep, Period> range) {
  internal::WindowSettings settings;
  settings.range_ns = settings.slide_ns = internal::saturated_ns(range);
  return RangeWindows(settings);
}

/// Windows that last as long as records keep coming; made by `session_windows`.
class SessionWindows
    : public internal::TimedWindows<SessionWindows, internal::WindowKind::session> {
 private:
  template <class Rep, class Period>
  friend SessionWindows session_windows(std::chrono::duration<Rep, Period> gap);
  explicit SessionWindows(const internal::WindowSettings& settings) : TimedWindows(settings) {}
};

/// Makes windows that last as long as records of the key keep coming: a session is
/// [first, last + gap) in the records' times, and ends when no record has a time within `gap`.
template <class Rep, class Period>
SessionWindows session_windows(std::chrono::duration<Rep, Period> gap) {
  internal::WindowSettings settings;
  settings.gap_ns = internal::saturated_ns(gap);
  return SessionWindows(settings);
}

/// Windows of a fixed number of records; made by `count_windows`.
class CountWindows : public internal::WindowsOfKind<CountWindows, internal::WindowKind::count> {
 public:
  /// Starts a window with every `records`-th record of a key; must not exceed the windows' count.
  CountWindows with_slide(std::int64_t records) const {
    return with([=](internal::WindowSettings& s) { s.count_slide = records; });
  }

  /// Closes all windows of all keys regularly, with Firing::closed, also when records come: this
  /// often in processing time. Replaces `with_timeout`.
  template <class Rep, class Period>
  CountWindows with_flush_every(std::chrono::duration<Rep, Period> every) const {
    return with_timeout(every).with([](internal::WindowSettings& s) { s.flush = true; });
  }

 private:
  friend CountWindows count_windows(std::int64_t records);
  explicit CountWindows(const internal::WindowSettings& settings) : WindowsOfKind(settings) {}
};

/// Makes windows of so many records of a key, in the order in which they come, whatever their times
/// are. A window fires with its last record, and no record is late. At the end of the stream the
/// incomplete windows fire, with Firing::closed.
inline CountWindows count_windows(std::int64_t records) {
  internal::WindowSettings settings;
  settings.count = settings.count_slide = records;
  return CountWindows(settings);
}

}  // namespace wallaroo
