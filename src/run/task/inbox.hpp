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

/// Takes batches from the mailboxes in turn. Knows when every producer has ended, and when every
/// one has delivered the barrier of a checkpoint. Only on the executor's thread.
class Inbox {
 public:
  struct Slot {
    Mailbox* mailbox;
    EdgeMetrics* metrics;  ///< the edge's counters on this executor
    bool ended = false;
    bool ending = false;       ///< its watermark is the end of time, so its end follows
    Watermark watermark = {};  ///< the last one before the end of time
  };

  explicit Inbox(std::vector<Slot> slots);

  /// A data batch and the mailbox it came from; without a batch when there is none. The inbox
  /// handles control messages itself.
  struct Delivery {
    BatchPtr batch;
    Mailbox* mailbox = nullptr;
  };
  Delivery next();
  bool has_mail() const;
  /// The lowest watermark of the producers that have not ended and are not idle, as of the batches
  /// taken so far. If every producer has ended or is idle, it is the highest watermark of all,
  /// those that ended among them: so the last watermark does not depend on the order in which they
  /// end. It is never the end of time, and never goes back.
  Watermark watermark() const { return watermark_; }
  std::size_t producers() const { return slots_.size(); }
  /// Visits the producers that have ended since the last call.
  template <class Visit>
  void take_ended(Visit&& visit) {
    for (const std::size_t producer : newly_ended_) {
      visit(producer);
    }
    newly_ended_.clear();
  }
  /// The checkpoint of which all records were taken. Until `alignment().take()` the producers that
  /// delivered its barrier are held back.
  std::optional<std::uint64_t> aligned() const { return alignment_.aligned(); }
  Alignment& alignment() { return alignment_; }
  /// A barrier was marked as the last one: nothing follows it in this run.
  bool last_barrier() const { return last_barrier_; }
  /// Every producer has said that nothing follows, and everything was taken.
  bool ended() const { return open_ == 0; }

 private:
  void take_watermark(Slot& slot, Watermark watermark);
  void update_watermark();

  std::vector<Slot> slots_;
  std::size_t open_;  ///< producers that have not ended
  std::vector<std::size_t> newly_ended_;
  Alignment alignment_;
  bool last_barrier_ = false;
  bool aligns_;           ///< false only for a deliberate bug that tests must find
  std::size_t turn_ = 0;  ///< whose turn it is
  Watermark watermark_;
};

}  // namespace wallaroo::internal
