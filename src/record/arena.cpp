#include "record/arena.hpp"

#include <algorithm>

namespace wallaroo {

namespace {
constexpr std::size_t first_block_bytes = 16 * 1024;
constexpr std::size_t largest_kept_block_bytes = 1024 * 1024;
}  // namespace

void Arena::add_block(std::size_t at_least) {
  const std::size_t doubled = blocks_.empty() ? first_block_bytes : blocks_.back().size * 2;
  const std::size_t size = std::max(at_least, std::min(doubled, largest_kept_block_bytes));
  blocks_.push_back({std::make_unique_for_overwrite<char[]>(size), size});
  next_ = blocks_.back().bytes.get();
  free_ = size;
}

void Arena::reset() {
  if (blocks_.empty()) {
    return;
  }
  if (blocks_.size() > 1) {
    std::swap(blocks_.front(), blocks_.back());
    blocks_.resize(1);
  }
  if (blocks_.front().size > largest_kept_block_bytes) {
    blocks_.clear();
    next_ = nullptr;
    free_ = 0;
    return;
  }
  next_ = blocks_.front().bytes.get();
  free_ = blocks_.front().size;
}

}  // namespace wallaroo
