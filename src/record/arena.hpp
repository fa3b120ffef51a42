// Memory for bytes that a computation makes and emits as views.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "record/pinned.hpp"

namespace wallaroo {

/// Bytes that live exactly as long as the records of the batch being processed, wherever those
/// go. A computation that emits `std::string_view` copies what is not part of its input in here
/// (`emitter.arena().copy(...)`). Allocating is a bump of a pointer; nothing is freed singly.
class Arena final : public internal::Pinned {
 public:
  /// Uninitialised bytes without alignment.
  char* allocate(std::size_t bytes) {
    if (bytes > free_) {
      add_block(bytes);
    }
    char* result = next_;
    next_ += bytes;
    free_ -= bytes;
    return result;
  }

  std::string_view copy(std::string_view bytes) {
    if (bytes.empty()) {
      return {};
    }
    char* to = allocate(bytes.size());
    std::memcpy(to, bytes.data(), bytes.size());
    return {to, bytes.size()};
  }

  bool empty() const { return blocks_.empty(); }

  /// Forgets everything allocated and keeps the largest block, of those that have at most a
  /// mebibyte. Only while nobody holds a view.
  void reset();

 private:
  void add_block(std::size_t at_least);

  struct Block {
    std::unique_ptr<char[]> bytes;
    std::size_t size;
  };
  std::vector<Block> blocks_;
  char* next_ = nullptr;
  std::size_t free_ = 0;
};

}  // namespace wallaroo
