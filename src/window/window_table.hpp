// The accumulators of one window, by key.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

#include "route/key_group.hpp"
#include "state/group_table.hpp"
#include "state/stage_state.hpp"

namespace wallaroo::internal {

/// Collects saved entries of a stage's windows by key group, until they are handed on.
class WindowSections {
 public:
  template <class StoredKey, class Accumulator>
  void add(std::int64_t start, const StoredKey& key, const Accumulator& accumulator) {
    Group& group = groups_[key_group(hash_key(key))];
    bytes_ -= group.out.size();
    store(start, group.out);
    store(key, group.out);
    store(accumulator, group.out);
    bytes_ += group.out.size();
    ++group.entries;
  }
  bool full() const { return bytes_ >= 4 * 1024 * 1024; }
  /// Hands on all entries. Groups in `all` are handed on even if they are empty.
  void hand_on(SectionSink& out, const KeyGroups& all) {
    for (std::size_t group = 0; group < key_group_count; ++group) {
      if (groups_[group].entries != 0 || all[group]) {
        out.section(group, groups_[group].out.bytes(), groups_[group].entries);
      }
    }
    clear();
  }
  void clear() {
    for (Group& group : groups_) {
      group.out.clear();
      group.entries = 0;
    }
    bytes_ = 0;
  }

 private:
  struct Group {
    StoredWriter out;
    std::uint32_t entries = 0;
  };
  std::array<Group, key_group_count> groups_;
  std::size_t bytes_ = 0;
};

/// Saves an entry of a window's table together with the window's start.
template <class Key, class Accumulator>
struct WindowEntryWriter {
  WindowSections* sections;
  std::int64_t start;
  SavePurpose place = {};

  template <class Entry>
  void write(const Entry& entry) {
    if constexpr (is_storable<OwnedKey<Key>> && is_storable<Accumulator>) {
      save_entry(place, entry.first, [&] { sections->add(start, entry.first, entry.second); });
    }
  }
  bool full() const { return false; }
};

/// Filled while the window is open, then emptied in slices. An entry of an integer key and a 64-bit
/// accumulator has 16 bytes; a table that is half full needs twice as much for it.
template <class Key, class Accumulator>
class WindowTable {
 public:
  using Saver = WindowEntryWriter<Key, Accumulator>;
  using Entry = typename GroupTable<Key, Accumulator, Saver>::Entry;

  WindowTable() = default;
  WindowTable(const WindowTable&) = delete;
  WindowTable& operator=(const WindowTable&) = delete;

  bool empty() const { return table_.empty(); }
  std::size_t size() const { return table_.size(); }

  /// Null if the key has no records here. Valid until the next call of another function.
  [[gnu::always_inline]] Accumulator* find(std::uint64_t hash, const Key& key) {
    const auto found = table_.find(hash, key);
    return found == nullptr ? nullptr : &found->second;
  }
  /// The same for a table that does not save entries before they change.
  [[gnu::always_inline]] Accumulator* find_plain(std::uint64_t hash, const Key& key) {
    const auto found = table_.find_plain(hash, key);
    return found == nullptr ? nullptr : &found->second;
  }
  /// True while a change must be noted, or the entry be saved before it.
  bool saves_before_changes() const { return !table_.dirty(); }
  /// Fetches what a key with this hash very likely has into the cache, and returns it. The pointer
  /// is valid until the next call of another function than find_plain(), or add() that returns
  /// false.
  [[gnu::always_inline]] Entry* fetch(std::uint64_t hash) { return table_.find_ahead(hash); }
  /// Requires that find() gives null, and that take() was not called yet. Returns true when entries
  /// have moved in memory.
  bool add(OwnedKey<Key> key, Accumulator&& accumulator) {
    const bool moves = table_.full();
    table_.insert(std::move(key), std::move(accumulator));
    return moves;
  }

  /// Forgets at most `at_most` keys, and calls visit(key, accumulator) for each. Returns how many.
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
  /// Calls visit(key) for at most `at_most` keys that take() would forget next.
  template <class Visit>
  void look_ahead(std::size_t at_most, Visit visit) {
    for (auto entry = next_.value_or(table_.begin()); at_most-- != 0 && entry != table_.end();
         ++entry) {
      visit(std::as_const(entry->first));
    }
  }
  /// Like take(), for this key alone. Returns true if it was there.
  template <class Visit>
  bool take_key(std::uint64_t hash, const Key& key, Visit visit) {
    const auto entry = table_.iterator_of(hash, key);
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

  /// Makes the table ready for another window; keeps its memory.
  void reset() {
    table_.clear();
    table_.set_dirty();
    next_.reset();
  }

  /// For checkpoints.
  GroupTable<Key, Accumulator, Saver>& table() { return table_; }

 private:
  using Table = GroupTable<Key, Accumulator, Saver>;

  Table table_;
  std::optional<typename Table::Iterator> next_;  ///< while it is emptied
};

}  // namespace wallaroo::internal
