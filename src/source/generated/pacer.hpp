// Computes how many records are due at a given rate.
#pragma once

#include <cstdint>

namespace wallaroo::internal {

/// The schedule is absolute: record n is due at start + n / rate, so a pause is made up for and no
/// error builds up. With a rate of 0 any number of records is always due.
class Pacer {
 public:
  explicit Pacer(double rate_per_second) : rate_per_second_(rate_per_second) {}

  void start(std::int64_t now_ns) { start_ns_ = now_ns; }
  std::uint64_t due(std::int64_t now_ns) const;
  void took(std::uint64_t records) { taken_ += records; }
  /// When the next record is due.
  std::int64_t next_due_ns() const;

 private:
  double rate_per_second_;
  std::int64_t start_ns_ = 0;
  std::uint64_t taken_ = 0;
};

}  // namespace wallaroo::internal
