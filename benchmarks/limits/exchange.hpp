// Repartitioning by key between threads that all both produce and consume.
//
// Every thread splits its share of the input into one block per owner. Items go to their block
// without a branch on the owner, which for two owners would be mispredicted every other time; the
// thread's own items pass through a block too, since counting a block at a time lets the processor
// overlap the cache misses of its look-ups.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <type_traits>
#include <vector>

#include "limits/block_ring.hpp"

namespace wallaroo::bench {

// `kSlack` is how many items the caller may push between two calls of Lane::make_room.
template <class Item, std::size_t kBlockItems, std::size_t kSlack>
class Exchange {
  static_assert(kSlack < kBlockItems);
  using Ring = BlockRing<Item, kBlockItems, 8>;

 public:
  using Block = typename Ring::Block;

  explicit Exchange(unsigned threads) : threads_(threads), rings_(std::size_t{threads} * threads) {
    for (auto& ring : rings_) ring = std::make_unique<Ring>();
  }

  // The bytes that all threads handed over, to themselves too. Valid when all lanes have finished.
  double bytes() const {
    return static_cast<double>(items_.load(std::memory_order_relaxed) * sizeof(Item));
  }

  // One thread's end of the exchange. Calls `Consume` with (const Item*, size) for the items that
  // the thread owns, or with (the producing thread, const Block&) if it takes these.
  template <class Consume>
  class Lane {
   public:
    Lane(Exchange& exchange, unsigned self, Consume consume)
        : exchange_(exchange), self_(self), consume_(std::move(consume)) {
      for (unsigned to = 0; to < exchange_.threads_; ++to) {
        blocks_.push_back(to == self_ ? own_.get() : exchange_.ring(self_, to).writable());
        cursors_.push_back(blocks_[to]->items.data());
      }
    }

    void push(unsigned owner, const Item& item) { *cursors_[owner]++ = item; }

    // Sets the mark that goes with every block from now on.
    void mark(std::int64_t mark) { mark_ = mark; }

    // After this call `kSlack` more items fit, whichever thread owns them.
    void make_room() {
      for (unsigned to = 0; to < exchange_.threads_; ++to) {
        if (size_of(to) + kSlack > kBlockItems) flush(to);
      }
    }

    // Sends the open blocks and consumes until no thread will send any more.
    void finish() {
      for (unsigned to = 0; to < exchange_.threads_; ++to) flush(to);
      exchange_.items_.fetch_add(items_, std::memory_order_relaxed);
      exchange_.finished_.fetch_add(1, std::memory_order_acq_rel);
      while (exchange_.finished_.load(std::memory_order_acquire) != exchange_.threads_) {
        if (!drain()) std::this_thread::yield();
      }
      drain();
    }

   private:
    std::size_t size_of(unsigned to) const {
      return static_cast<std::size_t>(cursors_[to] - blocks_[to]->items.data());
    }

    void consume(unsigned from, const Block& block) {
      if constexpr (std::is_invocable_v<Consume&, unsigned, const Block&>) {
        consume_(from, block);
      } else {
        consume_(block.items.data(), block.size);
      }
    }

    void flush(unsigned to) {
      blocks_[to]->size = size_of(to);
      items_ += blocks_[to]->size;
      blocks_[to]->mark = mark_;
      if (to == self_) {
        consume(self_, *own_);
        drain();
      } else {
        Ring& ring = exchange_.ring(self_, to);
        ring.publish();
        // Consuming while the other side is full is what keeps two full threads from waiting for
        // each other.
        while ((blocks_[to] = ring.writable()) == nullptr) {
          if (!drain()) std::this_thread::yield();
        }
      }
      cursors_[to] = blocks_[to]->items.data();
    }

    bool drain() {
      bool any = false;
      for (unsigned from = 0; from < exchange_.threads_; ++from) {
        if (from == self_) continue;
        Ring& ring = exchange_.ring(from, self_);
        while (const Block* block = ring.readable()) {
          consume(from, *block);
          ring.release();
          any = true;
        }
      }
      return any;
    }

    Exchange& exchange_;
    unsigned self_;
    Consume consume_;
    std::unique_ptr<Block> own_{new Block};
    std::vector<Block*> blocks_;
    std::vector<Item*> cursors_;
    std::int64_t mark_ = 0;
    std::uint64_t items_ = 0;  // handed over so far
  };

 private:
  Ring& ring(unsigned from, unsigned to) { return *rings_[std::size_t{from} * threads_ + to]; }

  unsigned threads_;
  std::vector<std::unique_ptr<Ring>> rings_;
  alignas(128) std::atomic<unsigned> finished_{0};
  std::atomic<std::uint64_t> items_{0};
};

}  // namespace wallaroo::bench
