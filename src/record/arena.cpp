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
  std::erase_if(blocks_, [](const Block& block) { return block.size > largest_kept_block_bytes; });
  if (blocks_.empty()) {
    next_ = nullptr;
    free_ = 0;
    return;
  }
  const auto smaller = [](const Block& a, const Block& b) { return a.size < b.size; };
  std::iter_swap(blocks_.begin(), std::max_element(blocks_.begin(), blocks_.end(), smaller));
  blocks_.resize(1);
  next_ = blocks_.front().bytes.get();
  free_ = blocks_.front().size;
}

}  // namespace wallaroo
