// What travels an edge: batches of records, and control in band with them.
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
  barrier,        ///< what follows is not in the checkpoint any more
  end_of_stream,  ///< nothing follows from this producer
};

/// How far a producer has come in event time.
struct Watermark {
  /// No record with an earlier time follows.
  std::int64_t time_ns = no_time;
  /// The producer's inputs are idle: it holds nobody back until its records come again.
  bool idle = false;

  friend bool operator==(const Watermark&, const Watermark&) = default;
};

/// The erased head of every batch. Consumers of an edge know its concrete type.
class Batch {
 public:
  Batch() = default;
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;
  virtual ~Batch() = default;

  /// Number of records.
  virtual std::size_t size() const = 0;
  /// Memory that the records take, without what views in them point to. Of batches on an edge.
  virtual std::size_t memory_bytes() const { return 0; }
  /// Makes the batch empty so that its producer can fill it again.
  virtual void clear() = 0;

  BatchKind kind = BatchKind::data;
  /// When the source read the oldest record in here (engine clock); 0 when there is none.
  std::int64_t ingest_ns = 0;
  /// What holds once these records are processed. A batch without records may carry news, too.
  Watermark watermark;
  /// Which of the source's partitions the records come from; of a queue, which producer's.
  std::uint64_t partition = 0;
  /// Memory that views in the records point into.
  std::vector<PinnedRef> pins;

  void reset() {
    clear();
    pins.clear();
    kind = BatchKind::data;
    ingest_ns = 0;
    watermark = {};
    partition = 0;
  }
};

using BatchPtr = std::unique_ptr<Batch>;

/// Frames cut from one partition of a byte source; they point into `pins`.
class FrameBatch final : public Batch {
 public:
  std::vector<std::string_view> frames;
  /// Where the frames come from, for error messages: a peer's address or a file's name.
  std::string_view origin;
  /// Position of the first frame within its origin, counted in records from 0.
  std::uint64_t first_position = 0;

  std::size_t size() const override { return frames.size(); }
  void clear() override { frames.clear(); }
};

/// Encoded records on their way to a sink: the bytes of all, and where each one ends.
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

/// What a barrier says.
struct Barrier {
  std::uint64_t checkpoint = 0;  ///< the number
  bool last = false;             ///< nothing follows in this run, and the stream does not end
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

/// How many records, and how many bytes of them, make a batch full.
inline constexpr std::size_t max_batch_records = 1024;
inline constexpr std::size_t max_batch_bytes = 64 * 1024;

}  // namespace wallaroo::internal
