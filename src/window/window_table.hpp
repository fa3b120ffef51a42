// The accumulators of one window, by key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

#include "state/key_table.hpp"

namespace wallaroo::internal {

/// Filled while the window is open, then emptied in slices. Entries of an integer key and a 64-bit
/// accumulator have 16 bytes, of which tables half full need twice as much.
template <class Key, class Accumulator>
class WindowTable {
 public:
  WindowTable() = default;
  WindowTable(const WindowTable&) = delete;
  WindowTable& operator=(const WindowTable&) = delete;

  bool empty() const { return table_.empty(); }

  /// Null when the key has no records here. Valid until the next call of another function.
  [[gnu::always_inline]] Accumulator* find(std::uint64_t hash, const Key& key) {
    const auto found = table_.find(KeyProbe<Key>{hash, key});
    return found == table_.end() ? nullptr : &found->second;
  }
  /// Only where find() gives null, and not once take() was called.
  void add(const Key& key, Accumulator&& accumulator) {
    table_.try_emplace(OwnedKey<Key>(key), std::move(accumulator));
  }

  /// Calls visit(key, accumulator) for keys that it forgets, at most that many; returns how many.
  template <class Visit>
  std::size_t take(std::size_t at_most, Visit visit) {
    if (!next_) {
      next_ = table_.begin();
    }
    std::size_t taken = 0;
    for (; taken < at_most && *next_ != table_.end(); ++taken) {
      const auto entry = (*next_)++;
      visit(std::as_const(entry->first), std::as_const(entry->second));
      table_.erase(entry);
    }
    return taken;
  }
  /// Of this key alone. True when it was there.
  template <class Visit>
  bool take_key(std::uint64_t hash, const Key& key, Visit visit) {
    const auto entry = table_.find(KeyProbe<Key>{hash, key});
    if (entry == table_.end()) {
      return false;
    }
    if (next_ == entry) {
      ++*next_;
    }
    visit(std::as_const(entry->first), std::as_const(entry->second));
    table_.erase(entry);
    return true;
  }

  /// Ready for another window; keeps its memory.
  void reset() {
    table_.clear();
    next_.reset();
  }

 private:
  using Table = KeyTable<Key, Accumulator>;

  Table table_;
  std::optional<typename Table::iterator> next_;  ///< while it is emptied
};

}  // namespace wallaroo::internal
