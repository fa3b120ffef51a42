// Batches, which travel along edges: records, and control messages in band with them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/times.hpp"
#include "record/pinned.hpp"

namespace wallaroo::internal {

/// A batch is data, or a control message that keeps its place among the data of its queue.
enum class BatchKind : std::uint8_t {
  data,
  barrier,        ///< records that follow are not part of the checkpoint
  end_of_stream,  ///< nothing follows from this producer
};

/// The progress of a producer in event time.
struct Watermark {
  /// No record with an earlier time follows.
  std::int64_t time_ns = no_time;
  /// True while the producer's inputs are idle: it holds nobody back until its next record.
  bool idle = false;

  friend bool operator==(const Watermark&, const Watermark&) = default;
};

/// Something that a batch carries for a few of its records only.
struct BatchExtra {
  BatchExtra() = default;
  BatchExtra(const BatchExtra&) = delete;
  BatchExtra& operator=(const BatchExtra&) = delete;
  virtual ~BatchExtra() = default;
};

/// The base of every batch. Consumers of an edge know the concrete type of its batches.
class Batch {
 public:
  Batch() = default;
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;
  virtual ~Batch() = default;

  /// Number of records.
  virtual std::size_t size() const = 0;
  /// Memory of the records, without the bytes to which views in them point. Defined for batches on
  /// edges.
  virtual std::size_t memory_bytes() const { return 0; }
  /// Makes the batch empty so that its producer can fill it again.
  virtual void clear() = 0;

  BatchKind kind = BatchKind::data;
  /// When the source read the oldest record in here (engine clock); 0 when there is none.
  std::int64_t ingest_ns = 0;
  /// The watermark after these records. A batch without records may carry a new watermark.
  Watermark watermark;
  /// The partition of the source from which the records come; behind a queue, the producer's
  /// number.
  std::uint64_t partition = 0;
  /// The memory to which views in the records point.
  std::vector<PinnedRef> pins;
  /// The records behind some of the excerpts in a batch of these, see WholeRecords. Usually null.
  std::unique_ptr<BatchExtra> extra;

  void reset() {
    clear();
    pins.clear();
    extra.reset();
    kind = BatchKind::data;
    ingest_ns = 0;
    watermark = {};
    partition = 0;
  }
};

using BatchPtr = std::unique_ptr<Batch>;

/// Frames that were cut from one partition of a byte source. They point into `pins`.
class FrameBatch final : public Batch {
 public:
  std::vector<std::string_view> frames;
  /// The origin of the frames for error messages: a peer's address or a file's name.
  std::string_view origin;
  /// Position of the first frame within its origin, counted in records from 0.
  std::uint64_t first_position = 0;

  std::size_t size() const override { return frames.size(); }
  void clear() override { frames.clear(); }
};

/// Encoded records on their way to a sink: all their bytes, and the offset at which each one ends.
class ByteBatch final : public Batch {
 public:
  std::string bytes;
  std::vector<std::uint32_t> ends;  ///< offset just after each record

  std::size_t size() const override { return ends.size(); }
  std::size_t memory_bytes() const override { return bytes.size(); }
  void clear() override {
    bytes.clear();
    ends.clear();
  }
};

/// The content of a barrier.
struct Barrier {
  std::uint64_t checkpoint = 0;  ///< number of the checkpoint
  bool last = false;             ///< nothing follows in this run, but the stream does not end
};

/// A message without records.
class ControlBatch final : public Batch {
 public:
  explicit ControlBatch(BatchKind control, Barrier of_checkpoint = {}) : barrier(of_checkpoint) {
    kind = control;
  }
  Barrier barrier;
  std::size_t size() const override { return 0; }
  void clear() override {}
};

/// A batch is full when it has so many records, or so many bytes.
inline constexpr std::size_t max_batch_records = 1024;
inline constexpr std::size_t max_batch_bytes = 64 * 1024;

}  // namespace wallaroo::internal
