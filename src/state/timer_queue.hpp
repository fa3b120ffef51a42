// A queue of entries by time, for the timers of one stage on one executor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "base/times.hpp"

namespace wallaroo::internal {

/// Entries in order of their times; entries with equal times are in the order in which they were
/// added. Aligned windows end together, so there are few different times with many entries each.
/// Therefore entries with equal times share a bucket, and adding to the same time as the last call
/// costs no search. An entry cannot be removed: its owner must notice, when it is due, that it is
/// obsolete.
template <class Entry>
class TimerQueue {
 public:
  TimerQueue() = default;
  TimerQueue(const TimerQueue&) = delete;
  TimerQueue& operator=(const TimerQueue&) = delete;

  void add(std::int64_t due, Entry entry) {
    if (last_ == buckets_.end() || last_->first != due) {
      last_ = buckets_.try_emplace(due).first;
    }
    last_->second.entries.push_back(std::move(entry));
    ++size_;
  }

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  /// The earliest time; `end_of_time` when the queue is empty.
  std::int64_t next_due() const { return size_ == 0 ? end_of_time : buckets_.begin()->first; }

  /// Removes and returns the first entry. Requires that the queue is not empty.
  Entry pop() {
    const auto first = buckets_.begin();
    Bucket& bucket = first->second;
    Entry entry = std::move(bucket.entries[bucket.taken]);
    --size_;
    if (++bucket.taken == bucket.entries.size()) {
      erase(first);
    }
    return entry;
  }

  /// Tells that one entry with that time is obsolete; call it once for each. When all entries of
  /// the time are obsolete they are removed together, which is cheaper than to look up their
  /// owners.
  void retire(std::int64_t due) {
    const auto found = buckets_.find(due);
    if (found != buckets_.end() && found->second.taken == 0 &&
        ++found->second.retired == found->second.entries.size()) {
      size_ -= found->second.entries.size();
      erase(found);
    }
  }

 private:
  struct Bucket {
    std::vector<Entry> entries;
    std::size_t taken = 0;
    std::size_t retired = 0;
  };
  using Buckets = std::map<std::int64_t, Bucket>;

  void erase(typename Buckets::iterator bucket) {
    if (last_ == bucket) {
      last_ = buckets_.end();
    }
    buckets_.erase(bucket);
  }

  Buckets buckets_;
  typename Buckets::iterator last_ = buckets_.end();
  std::size_t size_ = 0;
};

}  // namespace wallaroo::internal
