// The output of a connector sink: records as MESSAGE frames, on their way to the operating system.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <sys/uio.h>

#include "sink/output_queue.hpp"

namespace wallaroo::internal {

/// Each record becomes one MESSAGE on the data stream. Its id is the offset of its first byte in
/// the output: the sum of the lengths of all records before it, without their frames. A record
/// without bytes makes no frame, as that would mean "no message".
class ConnectorOutput {
 public:
  ConnectorOutput(const Clock& clock, SinkMetrics& metrics, std::uint64_t offset)
      : queue_(clock, metrics), metrics_(metrics), offset_(offset) {}

  /// Takes the records and leaves the batch empty.
  void push(ByteBatch& batch);

  /// The offset behind the last record that was pushed.
  std::uint64_t offset() const { return offset_; }
  /// The offset of the first record that was not taken as a whole. Must not be called while a
  /// record may be torn.
  std::uint64_t untaken_offset() const;

  /// `bytes` of frames were not yet taken; `sendable` of them may be taken now.
  std::size_t bytes() const { return queue_.bytes(); }
  std::size_t sendable() const { return bytes() - held_; }
  bool empty() const { return queue_.empty(); }

  /// Records that are pushed from now on wait for `release`.
  void hold() { holding_ = true; }
  void release();

  /// As in OutputQueue, but for the sendable bytes only.
  std::size_t gather(std::span<iovec> parts) const;
  void taken(std::size_t bytes);
  /// Whether the last record may have been taken only in part.
  bool may_be_torn() const { return may_be_torn_; }
  void restore_torn_record();
  std::uint64_t discard();

 private:
  OutputQueue queue_;
  SinkMetrics& metrics_;
  ByteBatch framed_;
  std::uint64_t offset_;
  std::size_t held_ = 0;
  bool holding_ = false;
  bool may_be_torn_ = false;
};

}  // namespace wallaroo::internal
