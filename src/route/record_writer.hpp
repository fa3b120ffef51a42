// Appends typed records to the open batch of each target of an outlet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "record/record_batch.hpp"
#include "record/views.hpp"
#include "route/outlet.hpp"
#include "route/pins.hpp"

namespace wallaroo::internal {

/// R is what travels: a record, or a record with its hash. `Views` says whether records of this
/// edge may point into the memory of the input they were made from.
template <class R, bool Views>
class RecordWriter {
 public:
  explicit RecordWriter(Outlet& outlet) : outlet_(&outlet), open_(outlet.targets()) {
    for (auto& slot : open_) {
      slot.batch = std::make_unique<RecordBatch<R>>();
    }
  }

  Outlet& outlet() { return *outlet_; }

  template <class... Args>
  void append(std::size_t target, const InputPins& input, Args&&... args) {
    Open& slot = open_[target];
    RecordBatch<R>& batch = *slot.batch;
    if (batch.size() == 0) {
      batch.ingest_ns = input.ingest_ns;
    }
    if constexpr (Views) {
      if (slot.pinned_epoch != input.epoch) {
        slot.pinned_epoch = input.epoch;
        input.pin(batch);
      }
    }
    batch.emplace(std::forward<Args>(args)...);
    if (batch.full()) [[unlikely]] {
      send(target);
    }
  }

  /// Sends open batches to consumers that wait for them; all of them when `everything`: the
  /// producer has run out of input, or the consumer has.
  void flush(bool everything) {
    for (std::size_t target = 0; target < open_.size(); ++target) {
      if (open_[target].batch->size() != 0 && (everything || outlet_->target_idle(target))) {
        send(target);
      }
    }
  }

 private:
  struct Open {
    std::unique_ptr<RecordBatch<R>> batch;
    std::uint64_t pinned_epoch = 0;
  };

  [[gnu::noinline]] void send(std::size_t target) {
    Open& slot = open_[target];
    outlet_->send(target, std::move(slot.batch));
    slot.pinned_epoch = 0;
    // A mailbox carries one type of data batch; what comes back was a RecordBatch<R> (or control,
    // which is never recycled).
    BatchPtr used = outlet_->recycled(target);
    slot.batch.reset(used ? static_cast<RecordBatch<R>*>(used.release()) : new RecordBatch<R>);
  }

  Outlet* outlet_;
  std::vector<Open> open_;
};

}  // namespace wallaroo::internal
