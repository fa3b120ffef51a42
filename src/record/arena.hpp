// Memory for bytes that a computation makes, and to which the views that it emits point.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "record/pinned.hpp"

namespace wallaroo {

/// Bytes that live as long as any record that is made of the present batch, wherever those records
/// go. A computation that emits `std::string_view` copies bytes that are not part of its input to
/// the arena (`emitter.arena().copy(...)`). Allocating moves a pointer; nothing is freed singly.
class Arena final : public internal::Pinned {
 public:
  /// Returns uninitialised bytes without alignment.
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

  /// Forgets everything that was allocated, and keeps the largest block that has at most a
  /// mebibyte. Call only while no view into the arena is in use.
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
