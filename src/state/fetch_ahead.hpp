// Fetches into the cache what values hold behind pointers, before it is needed.
#pragma once

#include <array>
#include <cstddef>

#include <wallaroo/types/stored.hpp>

namespace wallaroo::internal {

/// True for values such as objects of another language, which are in memory of their own. Their
/// Stored<T> has three functions more. `fetch` begins to fetch the object; when it is there,
/// `fetch_places` begins to fetch the memory in which it refers to others, if that is apart; and
/// when that is there, `fetch_parts` those others. None changes anything.
template <class T>
concept FetchesAhead = requires(const T& value) {
  Stored<T>::fetch(value);
  Stored<T>::fetch_places(value);
  Stored<T>::fetch_parts(value);
};

/// A few values that are needed soon. What comes from memory for one of them comes at the same time
/// for the others; the processor cannot achieve that where much is done between two of them.
template <class Value>
class Fetch {
 public:
  static constexpr std::size_t most = 32;

  void add(const Value& value) { values_[count_++] = &value; }
  bool full() const { return count_ == most; }
  std::size_t count() const { return count_; }
  void run() const {
    if constexpr (FetchesAhead<Value>) {
      for (std::size_t i = 0; i < count_; ++i) {
        Stored<Value>::fetch(*values_[i]);
      }
      for (std::size_t i = 0; i < count_; ++i) {
        Stored<Value>::fetch_places(*values_[i]);
      }
      for (std::size_t i = 0; i < count_; ++i) {
        Stored<Value>::fetch_parts(*values_[i]);
      }
    }
  }

 private:
  std::array<const Value*, most> values_;
  std::size_t count_ = 0;
};

}  // namespace wallaroo::internal
