// The consumer's end of all edges into one node on one executor.
#pragma once

#include <cstddef>
#include <vector>

#include "metrics/engine_metrics.hpp"
#include "route/mailbox.hpp"

namespace wallaroo::internal {

/// Takes batches from the mailboxes in turn, and knows when every producer has ended.
class Inbox {
 public:
  struct Slot {
    Mailbox* mailbox;
    MailboxMetrics* metrics;
    bool ended = false;
  };

  explicit Inbox(std::vector<Slot> slots) : slots_(std::move(slots)), open_(slots_.size()) {}

  /// A data batch and the mailbox it came from, or none. Control messages are handled in here.
  struct Delivery {
    BatchPtr batch;
    Mailbox* mailbox = nullptr;
  };
  Delivery next();
  bool has_mail() const;
  /// Every producer has said that nothing follows, and everything was taken.
  bool ended() const { return open_ == 0; }

 private:
  std::vector<Slot> slots_;
  std::size_t open_;
  std::size_t turn_ = 0;
};

}  // namespace wallaroo::internal
