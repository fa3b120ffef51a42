// The memory into which a source receives, and into which the frames cut from it point.
//
// Thousands of connections may be open and idle while a few bring everything, and the records of a
// read may be held by another executor long after the read. So blocks belong to the executor's
// share of a source, not to a connection: a connection takes room in the current block for a read,
// its frames are views of it, and only what is left over, part of one record, is put aside in a
// small string until its next read. A long record gets a block of its own that grows as it arrives.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "record/batch.hpp"
#include "record/pinned.hpp"
#include "source/framer.hpp"

namespace wallaroo::internal {

/// Memory for received bytes.
class Block final : public Pinned {
 public:
  explicit Block(std::size_t capacity_bytes)
      : bytes_(std::make_unique_for_overwrite<char[]>(capacity_bytes)),
        capacity_bytes_(capacity_bytes) {}

  char* data() const { return bytes_.get(); }
  std::size_t capacity() const { return capacity_bytes_; }
  std::size_t left() const { return capacity_bytes_ - used; }

  /// Bytes handed out already; only the executor that fills the block looks at it.
  std::size_t used = 0;

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_bytes_;
};

using BlockRef = boost::intrusive_ptr<Block>;

/// The blocks of one executor's share of one source. They are used again as soon as no batch and
/// no connection holds them, so that nothing is allocated in the long run.
class BlockPool {
 public:
  static constexpr std::size_t block_bytes = 256 * 1024;

  /// The block that all connections share for reads, with room for at least `min_bytes` (at most
  /// `block_bytes`).
  BlockRef shared(std::size_t min_bytes);
  /// An empty block for one connection, at least that large.
  BlockRef exclusive(std::size_t capacity_bytes) { return take(capacity_bytes); }
  /// Takes back an exclusive block; records may still refer to it.
  void give_back(BlockRef block);

 private:
  /// Beyond this, blocks are freed when their users let go of them, not kept.
  static constexpr std::size_t max_kept_bytes = 16 * 1024 * 1024;

  BlockRef take(std::size_t capacity_bytes);

  BlockRef current_;
  std::vector<BlockRef> kept_;  // free once nobody else refers to them
  std::size_t kept_bytes_ = 0;
};

/// The bytes of one connection or file between its reads and its records.
class FrameBuffer {
 public:
  /// The pool must outlive the buffer.
  explicit FrameBuffer(BlockPool& pool) : pool_(pool) {}

  /// Returns room for the next read, never empty. Requires `starved`; `commit` must follow.
  std::span<char> prepare();
  /// The read brought `bytes` of that room (0: nothing).
  void commit(std::size_t bytes);
  /// True when no complete record is left: the next one needs another read.
  bool starved() const { return starved_; }
  /// Bytes received that belong to no record yet.
  std::size_t pending_bytes() const { return pending().size(); }

  /// Appends frames to the batch until it has `most`, which it has not yet, and pins their memory
  /// in it. After an error the buffer must not be used again.
  Cut cut(const Framer& framer, FrameBatch& batch, std::size_t most = max_batch_records);
  /// Call when the stream has ended. Appends the last record if the rest is one. Requires
  /// `starved`; leaves the buffer empty.
  StreamEnd finish(const Framer& framer, FrameBatch& batch);

 private:
  /// An incomplete record up to this size is put aside so that its block is free for others.
  static constexpr std::size_t max_aside_bytes = 64 * 1024;
  static constexpr std::size_t min_read_bytes = 64 * 1024;
  /// `aside_` gives its memory back when it has grown beyond this.
  static constexpr std::size_t kept_aside_bytes = 4 * 1024;

  std::string_view pending() const;
  std::size_t next_capacity(std::size_t rest_bytes) const;
  void move_rest_to(BlockRef block, bool exclusive);
  void put_rest_aside();
  void release_block();

  BlockPool& pool_;
  BlockRef block_;  // has bytes [begin_, end_); null while they are in aside_
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::string aside_;
  std::size_t needed_bytes_ = 0;
  std::size_t searched_bytes_ = 0;
  bool exclusive_ = false;  // nobody else receives into block_
  bool starved_ = true;
};

}  // namespace wallaroo::internal
