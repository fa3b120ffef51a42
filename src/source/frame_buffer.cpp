#include "source/frame_buffer.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "base/check.hpp"

namespace wallaroo::internal {

BlockRef BlockPool::shared(std::size_t min_bytes) {
  check(min_bytes <= block_bytes, "a shared read fits a block");
  if (current_ && current_->unique()) {
    current_->used = 0;
  }
  if (!current_ || current_->left() < min_bytes) {
    if (current_) {
      give_back(std::move(current_));
    }
    current_ = take(block_bytes);
  }
  return current_;
}

void BlockPool::give_back(BlockRef block) {
  if (kept_bytes_ + block->capacity() <= max_kept_bytes) {
    kept_bytes_ += block->capacity();
    kept_.push_back(std::move(block));
  }
}

BlockRef BlockPool::take(std::size_t capacity_bytes) {
  auto best = kept_.end();  // the smallest block that fits
  for (auto each = kept_.begin(); each != kept_.end(); ++each) {
    if ((*each)->capacity() >= capacity_bytes && (*each)->unique() &&
        (best == kept_.end() || (*each)->capacity() < (*best)->capacity())) {
      best = each;
    }
  }
  if (best == kept_.end()) {
    return BlockRef(new Block(capacity_bytes));
  }
  BlockRef block = std::move(*best);
  *best = std::move(kept_.back());
  kept_.pop_back();
  kept_bytes_ -= block->capacity();
  block->used = 0;
  return block;
}

std::string_view FrameBuffer::pending() const {
  return block_ ? std::string_view(block_->data() + begin_, end_ - begin_) : aside_;
}

std::span<char> FrameBuffer::prepare() {
  check(starved_, "a source reads more only when it has cut what it read");
  const std::size_t rest_bytes = pending().size();
  if (rest_bytes <= max_aside_bytes) {
    move_rest_to(pool_.shared(rest_bytes + min_read_bytes), false);
  } else if (!exclusive_ || block_->left() == 0) {
    move_rest_to(pool_.exclusive(next_capacity(rest_bytes)), true);
  }
  return {block_->data() + end_, block_->capacity() - end_};
}

/// Doubles the capacity, so that memory follows the bytes that have arrived, and never a length
/// that a peer only claims.
std::size_t FrameBuffer::next_capacity(std::size_t rest_bytes) const {
  const std::size_t doubled = 2 * rest_bytes;
  const bool nearly_there = needed_bytes_ <= 2 * doubled;
  return std::bit_ceil(
      std::max({BlockPool::block_bytes, doubled, nearly_there ? needed_bytes_ : 0}));
}

void FrameBuffer::move_rest_to(BlockRef block, bool exclusive) {
  const std::string_view rest = pending();
  const std::size_t begin = block->used;
  std::memcpy(block->data() + begin, rest.data(), rest.size());
  aside_.clear();
  release_block();
  begin_ = begin;
  end_ = begin + rest.size();
  block_ = std::move(block);
  exclusive_ = exclusive;
}

void FrameBuffer::commit(std::size_t bytes) {
  check(block_ && bytes <= block_->capacity() - end_, "a read stays within the room prepared");
  if (bytes == 0) {
    put_rest_aside();
    return;
  }
  end_ += bytes;
  block_->used = end_;
  starved_ = false;
}

Cut FrameBuffer::cut(const Framer& framer, FrameBatch& batch, std::size_t most) {
  const std::size_t before = batch.frames.size();
  Cut cut = framer.cut(pending(), most - before, batch.frames, searched_bytes_);
  if (batch.frames.size() > before) {
    batch.pins.push_back(block_);
  }
  begin_ += cut.consumed;
  needed_bytes_ = cut.needed_bytes;
  searched_bytes_ = cut.searched_bytes;
  starved_ = cut.starved || begin_ == end_;
  if (starved_) {
    put_rest_aside();
  }
  return cut;
}

StreamEnd FrameBuffer::finish(const Framer& framer, FrameBatch& batch) {
  check(starved_, "a stream ends after its complete records were cut");
  if (!block_ && !aside_.empty()) {
    move_rest_to(pool_.shared(aside_.size()), false);
    block_->used = end_;
  }
  StreamEnd end = framer.finish(pending());
  if (end.record) {
    batch.frames.push_back(*end.record);
    batch.pins.push_back(block_);
  }
  release_block();
  needed_bytes_ = 0;
  searched_bytes_ = 0;
  return end;
}

void FrameBuffer::put_rest_aside() {
  const std::string_view rest = pending();
  if (rest.size() > max_aside_bytes) {
    return;
  }
  if (rest.empty() && aside_.capacity() > kept_aside_bytes) {
    aside_ = std::string();
  } else {
    aside_.assign(rest);
  }
  release_block();
}

void FrameBuffer::release_block() {
  if (block_ && exclusive_) {
    pool_.give_back(std::move(block_));
  }
  block_.reset();
  begin_ = 0;
  end_ = 0;
  exclusive_ = false;
}

}  // namespace wallaroo::internal
