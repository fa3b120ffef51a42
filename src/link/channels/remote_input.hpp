// The consumer's end of a channel from another worker.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "link/channels/credit.hpp"
#include "link/channels/frame.hpp"
#include "record/wire.hpp"
#include "route/mailbox.hpp"

namespace wallaroo::internal::link {

/// A batch as it came from another worker. The consumer decodes it, so its records are made in the
/// cache of the executor that uses them.
class WireBatch final : public Batch {
 public:
  explicit WireBatch(Frame its_frame) : frame(std::move(its_frame)) {}

  std::size_t size() const override { return frame.head.records; }
  std::size_t memory_bytes() const override { return frame.head.bytes; }
  void clear() override { frame = {}; }
  /// What the channel pays for it.
  std::uint64_t cost() const { return frame.head.bytes + frame_cost; }

  Frame frame;
};

/// Shared by the executor that reads the link and the one that consumes the channel; they may be
/// the same. Must outlive both sides.
class RemoteInput {
 public:
  /// The doorbells are those of the two executors; null if they are one. `codec` must outlive the
  /// input.
  RemoteInput(Doorbell* reader, Doorbell* consumer, const WireCodec& codec)
      : reader_(reader), codec_(codec), mailbox_(reader, consumer) {}

  // Consumer's side.

  /// Turns what came out of the mailbox into what the producer had pushed, and lets the producer
  /// send more in its place. Throws StoredError for bytes that are not records.
  BatchPtr decode(BatchPtr arrived);
  /// Takes back a batch of `decode` that is not used any more.
  void recycle(BatchPtr batch);

  // The reader pushes, the consumer pops.

  Mailbox& mailbox() { return mailbox_; }

  // Reader's side.

  /// What the batches cost that the consumer has decoded so far.
  std::uint64_t consumed() const { return consumed_.load(std::memory_order_acquire); }

 private:
  void count(std::uint64_t cost);

  // Constant after construction.
  Doorbell* reader_;
  const WireCodec& codec_;
  // Has a side for each executor.
  Mailbox mailbox_;
  // Only on the consumer's executor.
  BatchPtr spare_;
  std::uint64_t since_ring_ = 0;
  // Written by the consumer.
  std::atomic<std::uint64_t> consumed_{0};
};

}  // namespace wallaroo::internal::link
