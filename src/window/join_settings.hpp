// What an interval join was asked for, and the times that follow from it.
#pragma once

#include <cstdint>
#include <string_view>

#include <wallaroo/late_data.hpp>

namespace wallaroo::internal {

/// Which records without a partner are emitted alone: none, those of the left, of the right, all.
enum class JoinKind : std::uint8_t { inner, left, right, full };

/// A left record at time a and a right record at time b of one key match when
/// a + lower_ns <= b <= a + upper_ns. Both bounds may be negative.
struct JoinSettings {
  std::int64_t lower_ns = 0;
  std::int64_t upper_ns = 0;
  JoinKind kind = JoinKind::inner;
  std::int64_t delay_ns =
      0;  ///< how much longer than the watermark asks for records are waited for
  LateData late = LateData::drop;
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

  /// Records of earlier times are late. A record is late when it would have to leave at once and is
  /// itself more than the delay behind the watermark. (Only where all partners of a record are
  /// older than it does the second say more: such a record finds them waiting for it, and need not
  /// wait itself.) At the end of time everything is late.
  std::int64_t first_on_time(std::int64_t watermark) const;

 private:
  std::int64_t first_;
  std::int64_t last_;
  std::int64_t stays_;  // it leaves when the watermark is more than this ahead of it
  std::int64_t late_;   // it is late when the watermark is more than this ahead of it
};

struct JoinTimes {
  explicit JoinTimes(const JoinSettings& settings);

  /// No pair that is found at this watermark or a later one has an earlier time (which is that of
  /// the later of its records). Since a record that is not late may be as far behind the watermark
  /// as the other side's records wait, this is not the watermark itself: both records of a pair may
  /// be behind it.
  ///
  /// Why it holds, without the delay, at watermark W: a pair is found when its second record
  /// arrives. If that is the left one, at time a, then a >= W - max(upper, 0), since it is not
  /// late, and the right one, at time b, has not left: b >= W + lower. If it is the right one, then
  /// b >= W - max(-lower, 0) and a >= W - upper. In either case max(a, b) >=
  /// W - max(0, min(upper, -lower)), and some pair has just that time.
  std::int64_t first_pair(std::int64_t watermark) const;

  JoinSideTimes left;
  JoinSideTimes right;
  std::int64_t pair_held;
};

}  // namespace wallaroo::internal
