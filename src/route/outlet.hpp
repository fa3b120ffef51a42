// The producer's end of an edge, from one executor to every instance of the next stage.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "record/batch.hpp"
#include "route/key_group.hpp"

namespace wallaroo::internal {

class Channel;

/// Has one channel per target. Batches that a full channel refuses wait here. They are never more
/// than the output of one input batch, since a segment with a blocked outlet gets no input.
class Outlet {
 public:
  Outlet(std::vector<Channel*> targets, AssignmentPtr assignment)
      : targets_(std::move(targets)),
        assignment_(std::move(assignment)),
        overflow_(targets_.size()),
        told_(targets_.size()) {}

  std::size_t targets() const { return targets_.size(); }
  const Assignment& assignment() const { return *assignment_; }
  std::size_t target_of(std::uint64_t hash) const { return assignment_->owner(key_group(hash)); }

  bool blocked() const { return overflowing_ != 0; }
  /// True when the target's channel is empty, so that even a batch that is not full should be sent.
  bool target_idle(std::size_t target) const;

  /// Sets the watermark that the next batch to each target carries.
  void set_watermark(Watermark watermark) { watermark_ = watermark; }
  Watermark watermark() const { return watermark_; }
  /// True when the last batch to the target carried another watermark, so that even an empty batch
  /// is worth sending.
  bool has_news(std::size_t target) const { return told_[target] != watermark_; }

  /// Returns a used, empty batch of the channel, or null.
  BatchPtr recycled(std::size_t target);
  /// Sends the batch with the present watermark. Records of later batches must not be older than
  /// that, so only one batch per target may be open at a time.
  void send(std::size_t target, BatchPtr batch);
  /// Returns true when anything was sent since the last call.
  bool take_sent() { return std::exchange(sent_, false); }
  /// Sends a control message to every target, after all data.
  void broadcast(BatchKind control, Barrier barrier = {});
  /// Moves waiting batches to channels that have room again. Returns true when something moved.
  bool retry();
  /// True when `retry` would move something.
  bool can_retry() const;
  /// Asks to be woken when a channel that refused a batch has room. Call before sleeping.
  void wait_for_room();

 private:
  std::vector<Channel*> targets_;
  AssignmentPtr assignment_;
  std::vector<std::deque<BatchPtr>> overflow_;
  std::size_t overflowing_ = 0;  ///< targets with a non-empty overflow
  bool sent_ = false;
  Watermark watermark_;
  std::vector<Watermark> told_;  ///< by target: the watermark of the last batch
};

}  // namespace wallaroo::internal
