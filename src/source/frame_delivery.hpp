// Makes batches for the stages from the bytes of a connection or file, in the same way for every
// byte source.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "record/batch.hpp"
#include "source/frame_buffer.hpp"
#include "source/framer.hpp"
#include "source/source.hpp"

namespace wallaroo::internal {

/// One ordered stream of bytes, and how far it has come.
struct ByteStream {
  ByteStream(std::string stream_origin, BlockPool& pool)
      : origin(std::move(stream_origin)), buffer(pool) {}

  std::string origin;  ///< the peer's address or the file's name
  FrameBuffer buffer;
  std::uint64_t partition = 0;  ///< among those of its reader
  std::uint64_t records = 0;    ///< delivered
  std::int64_t ingest_ns = 0;   ///< the time of its last read
};

/// How much one `poll` of a reader may do, so that its executor gets back to its other work and
/// notices full queues.
struct PollBudget {
  static constexpr std::size_t max_read_bytes = 256 * 1024;
  static constexpr std::size_t min_read_bytes = 64 * 1024;

  std::size_t read_bytes = max_read_bytes;
  int batches = 8;

  bool left() const { return batches > 0 && read_bytes >= min_read_bytes; }
  void took_read(std::size_t bytes) { read_bytes -= bytes < read_bytes ? bytes : read_bytes; }
};

/// Cuts frames and hands them to the receiver, and counts them.
class FrameDelivery {
 public:
  FrameDelivery(const Framer& framer, const ReaderContext& context)
      : framer_(framer), context_(context) {}

  /// Delivers complete records of the stream until it is starved, the budget's batches are used up,
  /// or a queue downstream is full. If the stream cannot be framed any further, delivers the
  /// records before that place and returns the reason.
  std::optional<std::string> deliver(ByteStream& stream, PollBudget& budget);

  /// Call when the stream has ended and is starved. Delivers a last record without a line end.
  StreamEnd finish(ByteStream& stream);

 private:
  void hand_over(ByteStream& stream);

  const Framer& framer_;
  ReaderContext context_;
  FrameBatch batch_;
};

}  // namespace wallaroo::internal
