// The producer's end of an edge: from one executor to every instance of the next stage.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "record/batch.hpp"
#include "route/key_group.hpp"

namespace wallaroo::internal {

class Mailbox;

/// One mailbox per target. What a full mailbox refuses waits here: at most what one input batch
/// produced, since a segment whose outlet is blocked is given no further input.
class Outlet {
 public:
  Outlet(std::vector<Mailbox*> targets, Assignment assignment)
      : targets_(std::move(targets)),
        assignment_(assignment),
        overflow_(targets_.size()),
        told_(targets_.size()) {}

  std::size_t targets() const { return targets_.size(); }
  const Assignment& assignment() const { return assignment_; }
  std::size_t target_of(std::uint64_t hash) const { return assignment_.owner(key_group(hash)); }

  bool blocked() const { return overflowing_ != 0; }
  /// True when a batch sent to `target` would be looked at soon: worth sending it half full.
  bool target_idle(std::size_t target) const;

  /// From the next batch to each target on.
  void set_watermark(Watermark watermark) { watermark_ = watermark; }
  /// The target does not know the watermark: worth an empty batch.
  bool has_news(std::size_t target) const { return told_[target] != watermark_; }

  /// A used, empty batch of the mailbox, or null.
  BatchPtr recycled(std::size_t target);
  /// Records in a batch that is sent later must not be older than the watermark of this one: one
  /// batch per target is open at a time.
  void send(std::size_t target, BatchPtr batch);
  /// Whether anything was sent since this was asked last.
  bool take_sent() { return std::exchange(sent_, false); }
  /// Sends a control message to every target, after all data.
  void broadcast(BatchKind control, Barrier barrier = {});
  /// Moves what waits into mailboxes that have room again; true when something moved.
  bool retry();
  /// True when `retry` would move something.
  bool can_retry() const;
  /// Before sleeping: asks for a ring when a mailbox that refused a batch has room.
  void wait_for_room();

 private:
  std::vector<Mailbox*> targets_;
  Assignment assignment_;
  std::vector<std::deque<BatchPtr>> overflow_;
  std::size_t overflowing_ = 0;  ///< targets with a non-empty overflow
  bool sent_ = false;
  Watermark watermark_;
  std::vector<Watermark> told_;  ///< by target: with the last batch sent
};

}  // namespace wallaroo::internal
