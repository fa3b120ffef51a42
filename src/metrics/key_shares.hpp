// Which keys and key groups a sample of records belongs to.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/counter.hpp"

namespace wallaroo::internal {

/// Counts the last few thousand records by key group; older records count ever less. One thread
/// adds, any may read.
template <std::size_t Groups>
class GroupShares {
 public:
  /// Counts a record, and now and then sets `hottest` to the share of the fullest group, in
  /// billionths.
  void add(std::size_t group, Gauge& hottest) {
    most_ = std::max(most_, set(group, count(group) + 1));
    ++total_;
    if (total_ % between_news == 0 && total_ >= enough) {
      hottest.set(static_cast<std::int64_t>(std::uint64_t{1'000'000'000} * most_ / total_));
    }
    if (total_ == most_kept) [[unlikely]] {
      halve();
    }
  }

  /// From any thread.
  std::uint32_t count(std::size_t group) const {
    return count_[group].load(std::memory_order_relaxed);
  }

 private:
  static constexpr std::uint32_t enough = 256;
  static constexpr std::uint32_t between_news = 64;
  static constexpr std::uint32_t most_kept = 8192;

  std::uint32_t set(std::size_t group, std::uint32_t value) {
    count_[group].store(value, std::memory_order_relaxed);
    return value;
  }

  void halve() {
    total_ = most_ = 0;
    for (std::size_t group = 0; group < Groups; ++group) {
      total_ += set(group, count(group) / 2);
      most_ = std::max(most_, count(group));
    }
  }

  std::array<std::atomic<std::uint32_t>, Groups> count_{};
  std::uint32_t most_ = 0;
  std::uint32_t total_ = 0;
};

/// The most frequent keys of a sample by the Space-Saving algorithm (Metwally, Agrawal and El
/// Abbadi, 2005): a key that is not among those kept takes the place of the rarest one, and its
/// count as an error.
class HotKeys {
 public:
  static constexpr std::size_t most_kept = 32;
  static constexpr std::size_t most_text = 64;  ///< bytes of a key

  struct Entry {
    std::string key;  ///< as text
    std::uint64_t hash = 0;
    double count = 0;  ///< too high by at most `error`
    double error = 0;
  };
  struct Found {
    std::vector<Entry> entries;
    double total = 0;  ///< sampled records
  };

  /// `describe()` returns the key as text; called when the key is new.
  template <class Describe>
  void add(std::uint64_t hash, Describe&& describe) {
    const std::lock_guard lock(mutex_);
    if (++total_ >= most_counted) {
      halve();
    }
    const auto known = std::find_if(entries_.begin(), entries_.end(),
                                    [hash](const Entry& entry) { return entry.hash == hash; });
    if (known != entries_.end()) {
      ++known->count;
      return;
    }
    std::string text = describe();
    text.resize(std::min(text.size(), most_text));
    if (entries_.size() < most_kept) {
      entries_.push_back({std::move(text), hash, 1, 0});
      return;
    }
    const auto rarest =
        std::min_element(entries_.begin(), entries_.end(),
                         [](const Entry& a, const Entry& b) { return a.count < b.count; });
    *rarest = {std::move(text), hash, rarest->count + 1, rarest->count};
  }

  Found find() const {
    const std::lock_guard lock(mutex_);
    return {entries_, total_};
  }

 private:
  /// Older records count ever less, as with the groups.
  static constexpr double most_counted = 65'536;

  void halve() {
    total_ /= 2;
    for (Entry& entry : entries_) {
      entry.count /= 2;
      entry.error /= 2;
    }
  }

  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
  double total_ = 0;
};

}  // namespace wallaroo::internal
