// What a producer needs of an edge, wherever the consumer is.
#pragma once

#include "record/batch.hpp"

namespace wallaroo::internal {

/// The producer's end of the queue of one edge from one executor to another. It carries batches in
/// order: those of one type with records, and control messages. A Mailbox leads to an executor of
/// this process. All calls come from the producer's executor.
class Channel {
 public:
  virtual ~Channel() = default;

  /// Takes the batch and returns true when there is room; otherwise leaves it.
  virtual bool try_push(BatchPtr& batch) = 0;
  /// Returns a used, empty batch with records of this channel, or null.
  virtual BatchPtr recycled() = 0;
  /// True when the consumer seems to have taken everything, so that even a batch that is not full
  /// should be sent.
  virtual bool seems_empty() const = 0;
  /// True when `try_push` would probably refuse the batch that it refused last.
  virtual bool seems_full() const = 0;
  /// Asks for the producer to be woken when there is room. Call before the producer's last look for
  /// work. Requires that the producer sleeps only if `seems_full` is true at that look.
  virtual void wait_for_room() = 0;
};

}  // namespace wallaroo::internal
