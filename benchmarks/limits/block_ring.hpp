// A bounded queue of blocks between two threads. The producer fills a block where it lies in the
// ring, so nothing is copied, and the two threads touch shared counters once per block only.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace wallaroo::bench {

template <class Item, std::size_t kBlockItems, std::size_t kBlocks>
class BlockRing {
  static_assert((kBlocks & (kBlocks - 1)) == 0);

 public:
  struct Block {
    std::size_t size = 0;
    std::int64_t mark = 0;  // a number of the producer's, see Exchange::Lane::mark
    std::array<Item, kBlockItems> items;
  };

  // Producer: the block to fill next, or null while all are unread.
  Block* writable() {
    const std::size_t at = written_.load(std::memory_order_relaxed);
    if (at - read_seen_ == kBlocks) {
      read_seen_ = read_.load(std::memory_order_acquire);
      if (at - read_seen_ == kBlocks) return nullptr;
    }
    return &blocks_[at & (kBlocks - 1)];
  }
  void publish() {
    written_.store(written_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

  // Consumer: the oldest unread block, or null when there is none.
  const Block* readable() {
    const std::size_t at = read_.load(std::memory_order_relaxed);
    if (at == written_seen_) {
      written_seen_ = written_.load(std::memory_order_acquire);
      if (at == written_seen_) return nullptr;
    }
    return &blocks_[at & (kBlocks - 1)];
  }
  void release() {
    read_.store(read_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

 private:
  std::unique_ptr<Block[]> blocks_{new Block[kBlocks]};
  alignas(128) std::atomic<std::size_t> written_{0};
  std::size_t read_seen_ = 0;  // the producer's last look at read_
  alignas(128) std::atomic<std::size_t> read_{0};
  std::size_t written_seen_ = 0;  // the consumer's last look at written_
};

}  // namespace wallaroo::bench
