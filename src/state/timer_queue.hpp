// What is due when: the timers of one stage on one executor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "base/times.hpp"

namespace wallaroo::internal {

/// Entries in order of their time; those of one time in the order in which they were added. Windows
/// that are aligned to each other end together, so there are few different times and many entries
/// of each: entries of one time share a bucket, and adding to the time that was last added to costs
/// no search. An entry cannot be taken out: its owner notices when it is due that it has changed.
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
  /// `end_of_time` when there is none.
  std::int64_t next_due() const { return size_ == 0 ? end_of_time : buckets_.begin()->first; }

  /// Only while not empty.
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

  /// One of the entries of that time counts no more; the owner says so once for each. When none
  /// does, they go at once, which is cheaper than to look up the owner of each.
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
