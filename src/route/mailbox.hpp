// The bounded queue of one edge between two executors (or within one).
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>

#include <boost/lockfree/spsc_queue.hpp>

#include "record/batch.hpp"
#include "route/channel.hpp"

namespace wallaroo::internal {

/// Wakes a sleeping executor. Others make their change visible, and then ring. The sleeper
/// announces its sleep, looks for work once more, and then waits. One of the two sees the other, so
/// no wake-up is lost.
class Doorbell {
 public:
  explicit Doorbell(std::function<void()> wake) : wake_(std::move(wake)) {}

  /// Call from any thread, after the change that the sleeper should see.
  void ring() {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (asleep_.load(std::memory_order_relaxed) &&
        asleep_.exchange(false, std::memory_order_relaxed)) {
      wake_();
    }
  }
  /// Called by the owner, before its last look for work.
  void announce_sleep() {
    asleep_.store(true, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);
  }
  void awake() { asleep_.store(false, std::memory_order_relaxed); }

 private:
  std::atomic<bool> asleep_{false};
  std::function<void()> wake_;
};

/// A queue for a single producer and a single consumer. A second one takes used batches back.
class Mailbox final : public Channel {
 public:
  static constexpr std::size_t capacity = 32;
  /// A producer that waits for room sleeps until no more batches than these are in the queue, and
  /// then makes several. To wake it for each batch would cost more than to make one. Whoever looks
  /// for full queues must count one with this many batches, or it sees most waiting as none.
  static constexpr std::size_t nearly_full = capacity * 3 / 4;

  /// Takes the doorbells of the two executors; null when both ends are on the same executor.
  Mailbox(Doorbell* producer, Doorbell* consumer) : producer_(producer), consumer_(consumer) {}
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;
  ~Mailbox() override;

  // Producer's side.

  bool try_push(BatchPtr& batch) override;
  BatchPtr recycled() override;
  bool seems_empty() const override { return forward_.read_available() == 0; }
  bool seems_full() const override { return forward_.write_available() == 0; }
  /// Asks the consumer to ring whenever it takes a batch and leaves no more than `nearly_full`,
  /// until something is pushed again. A producer that sleeps only if the queue is full is woken,
  /// because then the consumer will get to `nearly_full` later.
  void wait_for_room() override { producer_waits_.store(true, std::memory_order_relaxed); }

  // Consumer's side.

  BatchPtr pop();
  bool has_mail() const { return forward_.read_available() != 0; }
  /// Gives an empty batch back to the producer for reuse.
  void recycle(BatchPtr batch);

  // Any thread.

  std::size_t depth() const { return forward_.read_available(); }

 private:
  using Queue = boost::lockfree::spsc_queue<Batch*, boost::lockfree::capacity<capacity>>;
  Queue forward_;
  Queue backward_;
  std::atomic<bool> producer_waits_{false};  ///< written by the producer
  Doorbell* producer_;
  Doorbell* consumer_;
};

}  // namespace wallaroo::internal
