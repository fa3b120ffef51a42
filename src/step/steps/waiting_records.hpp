// Records that have reached a stage and cannot be processed yet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "record/key.hpp"
#include "step/chain_context.hpp"

namespace wallaroo::internal {

/// Keeps records in the order in which they came, with the memory to which their views point. There
/// are no more than the records of one input batch, since no input is taken while one waits.
template <class Key, class In>
class WaitingRecords {
 public:
  struct Waiting {
    std::uint64_t hash;
    OwnedKey<Key> key;
    std::int64_t time_ns;
    std::int64_t ingest_ns;
    In record;
  };

  bool empty() const { return records_.empty(); }

  template <class R>
  void add(const ChainContext& context, std::uint64_t hash, const Key& key, std::int64_t time_ns,
           R&& record) {
    if (batch_ != context.batch) {
      batch_ = context.batch;
      of_batches_before_ = held_.size();
      epoch_ = 0;
    }
    // The pinned memory of a batch may grow while its records are processed; then the epoch
    // changes.
    if (epoch_ != context.pins.epoch) {
      epoch_ = context.pins.epoch;
      held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(of_batches_before_), held_.end());
      context.pins.pin(held_);
    }
    records_.push_back(
        {hash, OwnedKey<Key>(key), time_ns, context.pins.ingest_ns, In(std::forward<R>(record))});
  }
  Waiting& front() { return records_.front(); }
  void pop() {
    records_.pop_front();
    if (records_.empty()) {
      held_.clear();
      batch_ = 0;
    }
  }

 private:
  std::deque<Waiting> records_;
  std::vector<PinnedRef> held_;
  std::size_t of_batches_before_ = 0;
  std::uint64_t batch_ = 0;
  std::uint64_t epoch_ = 0;
};

}  // namespace wallaroo::internal
