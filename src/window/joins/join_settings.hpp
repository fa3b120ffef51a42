// The settings of an interval join, and the times that follow from them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <wallaroo/types/late_data.hpp>

namespace wallaroo::internal {

/// Which records without a partner are emitted alone: none, those of the left, of the right, all.
enum class JoinKind : std::uint8_t { inner, left, right, full };

/// A left record at time a and a right record at time b of one key match when
/// a + lower_ns <= b <= a + upper_ns. Both bounds may be negative.
struct JoinSettings {
  std::int64_t lower_ns = 0;
  std::int64_t upper_ns = 0;
  JoinKind kind = JoinKind::inner;
  std::int64_t delay_ns = 0;  ///< how much longer records wait than the watermark asks for
  LateData late = LateData::drop;
  std::optional<std::int64_t> timeout_ns = std::nullopt;  ///< none: records wait
};

/// Throws ConfigError naming `stage` when the settings make no sense.
void check_join_settings(std::string_view stage, const JoinSettings& settings);

/// Times of records from `first` to `last`, both included; none when last < first.
struct TimeSpan {
  std::int64_t first;
  std::int64_t last;
  friend bool operator==(const TimeSpan&, const TimeSpan&) = default;
};

/// The times of one side of a join, in nanoseconds since the Unix epoch. Sums stop at the ends of
/// that range instead of wrapping.
class JoinSideTimes {
 public:
  /// A record of this side at time t matches those of the other side in [t + first, t + last].
  JoinSideTimes(std::int64_t first, std::int64_t last, std::int64_t delay);

  TimeSpan partners(std::int64_t time_ns) const;

  /// The least watermark at which a record of this time has to leave: all that it could still match
  /// is more than the delay behind the watermark.
  std::int64_t leaves(std::int64_t time_ns) const;

  /// No record that leaves at watermark `leaves` has an earlier time.
  std::int64_t earliest_leaving_at(std::int64_t leaves) const;

  /// No record that was not late and leaves at this watermark or a later one has an earlier time.
  std::int64_t earliest_alone(std::int64_t watermark) const;

 private:
  std::int64_t first_;
  std::int64_t last_;
  std::int64_t stays_;  // a record leaves when the watermark is more than this ahead of it
  std::int64_t held_;   // a record that was not late is at most this far behind when it leaves
};

struct JoinTimes {
  explicit JoinTimes(const JoinSettings& settings);

  /// Records of either side with earlier times are late, because their partners may have left.
  ///
  /// It is the same for both sides: the first record that a left one at time t may match is a right
  /// one at t + lower, which leaves when the watermark passes t + lower - lower + delay; and
  /// likewise t - upper + upper + delay for the first partner of a right record. At the end of time
  /// everything is late.
  ///
  /// So no pair whose second record is not late has an earlier time either.
  std::int64_t first_on_time(std::int64_t watermark) const;

  JoinSideTimes left;
  JoinSideTimes right;
  std::int64_t delay;
};

}  // namespace wallaroo::internal
