// The consumer's end of all edges into one node on one executor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "checkpoint/protocol/alignment.hpp"
#include "metrics/engine_metrics.hpp"
#include "route/mailbox.hpp"

namespace wallaroo::internal {

/// Takes batches from the mailboxes in turn, and knows when every producer has ended, and when
/// every one has delivered the barrier of a checkpoint.
class Inbox {
 public:
  struct Slot {
    Mailbox* mailbox;
    EdgeMetrics* metrics;  ///< of the edge, at this executor
    bool ended = false;
    bool ending = false;       ///< its watermark is the end of time
    Watermark watermark = {};  ///< the last one before that
  };

  explicit Inbox(std::vector<Slot> slots);

  /// A data batch and the mailbox it came from, or none. Control messages are handled in here.
  struct Delivery {
    BatchPtr batch;
    Mailbox* mailbox = nullptr;
  };
  Delivery next();
  bool has_mail() const;
  /// The least watermark of the producers that have not ended and are not idle, of the batches
  /// taken so far. When each of them has ended or is idle, it is that of the producer that had come
  /// furthest, whether or not that one has ended: so the last one is the same in whichever order
  /// they end. It is never the end of time. Never goes back.
  Watermark watermark() const { return watermark_; }
  std::size_t producers() const { return slots_.size(); }
  /// Visits the producers that have ended since it was last called.
  template <class Visit>
  void take_ended(Visit&& visit) {
    for (const std::size_t producer : newly_ended_) {
      visit(producer);
    }
    newly_ended_.clear();
  }
  /// Set when everything that belongs to the checkpoint was taken: until `alignment().take()`
  /// producers that delivered its barrier are held back.
  std::optional<std::uint64_t> aligned() const { return alignment_.aligned(); }
  Alignment& alignment() { return alignment_; }
  /// A barrier said that nothing follows it in this run.
  bool last_barrier() const { return last_barrier_; }
  /// Every producer has said that nothing follows, and everything was taken.
  bool ended() const { return open_ == 0; }

 private:
  void take_watermark(Slot& slot, Watermark watermark);
  void update_watermark();

  std::vector<Slot> slots_;
  std::size_t open_;
  std::vector<std::size_t> newly_ended_;
  Alignment alignment_;
  bool last_barrier_ = false;
  bool aligns_;
  std::size_t turn_ = 0;
  Watermark watermark_;
};

}  // namespace wallaroo::internal
