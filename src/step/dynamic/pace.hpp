// How many records a batch should have so that functions of any speed take about as long for it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "record/batch.hpp"

namespace wallaroo::internal {

/// Measures only the time in which records pass, so that rare records, or a source that takes long
/// to find the next ones, do not look slow. After slow records the number falls at once. It never
/// more than doubles, because a fast record among slow ones says little about the others.
class Pace {
 public:
  explicit Pace(std::int64_t aimed_ns) : aimed_ns_(aimed_ns) {}

  /// The number of records for the next batch: 1 to `max_batch_records`.
  std::size_t records() const { return records_; }
  /// So many records have passed in this time.
  void passed(std::size_t records, std::int64_t ns) {
    if (records == 0) {
      return;
    }
    const std::size_t most = std::min(2 * records_, max_batch_records);
    const double in_time = static_cast<double>(records) * static_cast<double>(aimed_ns_) /
                           static_cast<double>(std::max<std::int64_t>(1, ns));
    records_ = in_time >= static_cast<double>(most)
                   ? most
                   : std::max<std::size_t>(1, static_cast<std::size_t>(in_time));
  }

 private:
  std::int64_t aimed_ns_;
  std::size_t records_ = 16;
};

}  // namespace wallaroo::internal
