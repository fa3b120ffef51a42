// The settings of a stage's windows, as plain numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <wallaroo/types/late_data.hpp>

namespace wallaroo::internal {

enum class WindowKind : std::uint8_t { range, session, count };

/// Only the fields of the kind of windows matter; the others keep their defaults.
struct WindowSettings {
  WindowKind kind = WindowKind::range;

  std::int64_t range_ns = 0;  ///< range windows: their length
  std::int64_t slide_ns = 0;  ///< range windows: from one start to the next; the range if tumbling
  std::int64_t gap_ns = 0;    ///< sessions end where no record came for that long
  std::int64_t delay_ns = 0;  ///< range windows and sessions fire that long after their end

  std::int64_t count = 0;        ///< count windows: their records
  std::int64_t count_slide = 0;  ///< count windows: records from one start to the next

  bool spread_by_key = false;  ///< range windows: each key's starts are shifted by its hash
  LateData late_data = LateData::drop;
  /// Processing time without input after which open windows are closed; none: they wait.
  std::optional<std::int64_t> timeout_ns = std::nullopt;
  /// Count windows: all windows of all keys are closed at each multiple of the time-out, also when
  /// records come.
  bool flush = false;
  /// Range windows: a key has results also of its windows without records, see PaneWindows.
  bool empty_windows = false;
  std::int64_t early_every_ns = 0;  ///< processing time between preliminary results; 0: none
};

/// The most panes (parts that neighbouring windows share) a window may consist of.
inline constexpr std::int64_t max_panes = 1'000'000;
/// All lengths of time together are less than this (36 years), so that sums with times of records
/// stay within 64 bits.
inline constexpr std::int64_t max_window_ns = std::int64_t{1} << 60;

/// The settings that saved windows depend on. A restore with other settings is refused.
struct WindowShape {
  WindowKind kind = WindowKind::range;
  std::int64_t range_ns = 0;
  std::int64_t slide_ns = 0;
  std::int64_t gap_ns = 0;
  std::int64_t delay_ns = 0;
  std::int64_t count = 0;
  std::int64_t count_slide = 0;
  bool spread_by_key = false;
  bool empty_windows = false;

  friend bool operator==(const WindowShape&, const WindowShape&) = default;
};
WindowShape shape_of(const WindowSettings& settings);
/// Throws StoredError when they differ.
void check_shape(const WindowShape& stored, const WindowShape& now);

/// Throws ConfigError, with the stage's name, if the settings make no sense.
void check(const WindowSettings& settings, const std::string& stage);

}  // namespace wallaroo::internal
