// Encoded records between their stage and the operating system.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include <sys/uio.h>

#include "base/clock.hpp"
#include "metrics/engine_metrics.hpp"
#include "record/batch.hpp"

namespace wallaroo::internal {

/// Keeps the order of records and knows where each one ends, so that a record of which only a part
/// was taken can be sent again as a whole. Full batches are taken over without a copy; small ones
/// are copied together. Keeps the sink's metrics of what has been handed to the operating system;
/// the latency of a batch is recorded when its last byte was taken.
class OutputQueue {
 public:
  /// Small batches are copied together up to this size.
  static constexpr std::size_t coalesced_bytes = 64 * 1024;

  OutputQueue(const Clock& clock, SinkMetrics& metrics) : clock_(clock), metrics_(metrics) {}

  /// Takes the records and leaves the batch empty, with memory to fill again. Memory held stays
  /// within a small multiple of `bytes()`.
  void push(ByteBatch& batch);

  bool empty() const { return chunks_.empty(); }
  /// Bytes not yet taken by the operating system.
  std::size_t bytes() const { return bytes_; }
  /// Records not yet taken as a whole.
  std::uint64_t records() const { return records_; }

  /// The bytes to hand over next, in order; returns how many parts were filled in. They are valid
  /// until the next call of another member.
  std::size_t gather(std::span<iovec> parts) const;
  /// The operating system took this many bytes of what `gather` gave.
  void taken(std::size_t bytes);
  /// Puts back the part that was taken of a record that was not taken as a whole.
  void restore_torn_record();
  /// Records in the queue are before the barrier, records that are pushed later are after it.
  void mark_barrier() { records_before_barrier_ = records_; }
  /// Whether every record from before the last barrier was taken as a whole. Never again true once
  /// one of them was discarded, until the next barrier.
  bool passed_barrier() const { return records_before_barrier_ == 0; }
  /// Drops everything. Returns the number of records dropped.
  std::uint64_t discard();

 private:
  /// Where a batch ends, to record its latency.
  struct Mark {
    std::size_t end = 0;
    std::size_t records = 0;
    std::int64_t ingest_ns = 0;
  };
  struct Chunk {
    std::string bytes;
    std::vector<std::uint32_t> ends;
    std::vector<Mark> marks;
  };

  Chunk& append_chunk();
  void append_copy(const ByteBatch& batch);
  void count_taken_records();
  void drop_first_chunk();
  void record_latency(const Mark& mark, std::int64_t now_ns);

  const Clock& clock_;
  SinkMetrics& metrics_;
  std::deque<Chunk> chunks_;
  std::vector<Chunk> spare_;
  std::size_t bytes_ = 0;
  std::uint64_t records_ = 0;
  std::uint64_t records_before_barrier_ = 0;
  // How far the first chunk has been taken.
  std::size_t first_bytes_ = 0;
  std::size_t first_records_ = 0;
  std::size_t first_marks_ = 0;
};

}  // namespace wallaroo::internal
