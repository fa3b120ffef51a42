// Estimates the share of records that fall into the fullest key group.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "metrics/counter.hpp"
#include "route/key_group.hpp"

namespace wallaroo::internal {

/// Covers the last few thousand records; older records count ever less.
class KeyGroupShares {
 public:
  /// Counts a record, and now and then sets `hottest` to the share of the fullest group, in
  /// billionths.
  void add(std::size_t group, Gauge& hottest) {
    most_ = std::max(most_, ++count_[group]);
    ++total_;
    if (total_ % between_news == 0 && total_ >= enough) {
      hottest.set(static_cast<std::int64_t>(std::uint64_t{1'000'000'000} * most_ / total_));
    }
    if (total_ == most_kept) [[unlikely]] {
      halve();
    }
  }

 private:
  static constexpr std::uint32_t enough = 256;
  static constexpr std::uint32_t between_news = 64;
  static constexpr std::uint32_t most_kept = 8192;

  void halve() {
    total_ = 0;
    for (std::uint32_t& count : count_) {
      count /= 2;
      total_ += count;
    }
    most_ = *std::max_element(count_.begin(), count_.end());
  }

  std::array<std::uint32_t, key_group_count> count_{};
  std::uint32_t most_ = 0;
  std::uint32_t total_ = 0;
};

}  // namespace wallaroo::internal
