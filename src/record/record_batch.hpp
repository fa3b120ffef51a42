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

/// Makes a record at `place`. A braced list is for aggregates only: elsewhere it would prefer a
/// constructor that takes a list, which turns one JSON value into an array that holds it.
template <class T, class... Args>
[[gnu::always_inline]] inline void make_record(T* place, Args&&... args) {
  if constexpr (std::is_constructible_v<T, Args&&...>) {
    new (place) T(std::forward<Args>(args)...);
  } else {
    new (place) T{std::forward<Args>(args)...};
  }
}

/// Records of type T in one block of fixed capacity. Full batches are sent; empty ones come back
/// to their producer and are filled again, so a running edge allocates nothing.
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

  /// Only while not full.
  template <class... Args>
  void emplace(Args&&... args) {
    make_record(slots_ + size_, std::forward<Args>(args)...);
    ++size_;
  }
  /// For a writer that constructs records in place, at `end()` and on. `payload`: the bytes that
  /// the records hold outside of themselves.
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

/// Records that lie in memory which outlives the batch (a memory source); never changed by stages.
template <class T>
class SpanBatch final : public Batch {
 public:
  const T* data = nullptr;
  std::size_t count = 0;

  std::size_t size() const override { return count; }
  void clear() override { count = 0; }
};

/// A record on an edge that repartitions by key: the key's hash is computed once, by the producer.
template <class T>
struct Hashed {
  std::uint64_t hash;
  T value;
};

/// The same with the key, where the consumer cannot compute it from the record again.
template <class Key, class T>
struct Carried {
  std::uint64_t hash;
  Key key;
  T value;
};

/// Any of these with the record's event time, on edges of streams that were stamped with it.
template <class Slot>
struct Timed {
  std::int64_t time_ns;
  Slot slot;
};

}  // namespace wallaroo::internal
