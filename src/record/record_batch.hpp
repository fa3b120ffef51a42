// Batches of typed records.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "record/batch.hpp"

namespace wallaroo::internal {

/// Makes a record at `place`. Braces are used for aggregates only: other classes would prefer a
/// constructor that takes a list, which turns one JSON value into an array that holds it.
template <class T, class... Args>
[[gnu::always_inline]] inline void make_record(T* place, Args&&... args) {
  if constexpr (std::is_constructible_v<T, Args&&...>) {
    new (place) T(std::forward<Args>(args)...);
  } else {
    new (place) T{std::forward<Args>(args)...};
  }
}

/// Records of type T in one block of fixed capacity. Used batches come back to their producer and
/// are filled again, so a running edge allocates nothing.
template <class T>
class RecordBatch final : public Batch {
 public:
  static constexpr std::size_t capacity =
      std::clamp<std::size_t>(max_batch_bytes / sizeof(T), 16, max_batch_records);

  RecordBatch() : slots_(std::allocator<T>{}.allocate(capacity)) {}
  ~RecordBatch() override {
    clear();
    std::allocator<T>{}.deallocate(slots_, capacity);
  }

  std::size_t size() const override { return size_; }
  std::size_t memory_bytes() const override { return size_ * sizeof(T) + payload_; }
  bool full() const { return size_ == capacity; }
  void clear() override {
    std::destroy_n(slots_, size_);
    size_ = 0;
    payload_ = 0;
  }

  /// Adds a record. Requires that the batch is not full.
  template <class... Args>
  void emplace(Args&&... args) {
    make_record(slots_ + size_, std::forward<Args>(args)...);
    ++size_;
  }
  /// Sets the number of records after a writer has constructed some in place, from `end()` on.
  /// `payload` is the number of bytes that the records hold outside of themselves.
  void set_size(std::size_t size, std::size_t payload = 0) {
    size_ = size;
    payload_ = payload;
  }

  T* begin() { return slots_; }
  T* end() { return slots_ + size_; }

 private:
  T* slots_;
  std::size_t size_ = 0;
  std::size_t payload_ = 0;
};

/// Records in memory that outlives the batch (of a memory source). Stages never change them.
template <class T>
class SpanBatch final : public Batch {
 public:
  const T* data = nullptr;
  std::size_t count = 0;

  std::size_t size() const override { return count; }
  void clear() override { count = 0; }
};

/// A record on an edge that repartitions by key, if the hash of the key takes long to compute.
template <class T>
struct Hashed {
  std::uint64_t hash;
  T value;
};

/// A Hashed record with its key, for keys that the consumer cannot cheaply compute again.
template <class Key, class T>
struct Carried {
  std::uint64_t hash;
  Key key;
  T value;
};

/// A record, or one of the above, with its event time, on edges of streams that have it.
template <class Slot>
struct Timed {
  std::int64_t time_ns;
  Slot slot;
};

}  // namespace wallaroo::internal
