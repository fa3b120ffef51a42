// The table of one key group, which can be saved while it changes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "record/key.hpp"
#include "record/stored/stored_write.hpp"
#include "state/entry_failure.hpp"
#include "state/fetch_ahead.hpp"
#include "state/key_table.hpp"
#include "state/saved_as.hpp"

namespace wallaroo::internal {

/// Writes entries to one buffer.
template <class Key, class Value>
struct EntryWriter {
  StoredWriter out;
  std::uint32_t entries = 0;
  std::int64_t wall_offset_ns = 0;
  SavePurpose place = {};

  template <class Entry>
  void write(const Entry& entry) {
    if constexpr (is_storable<OwnedKey<Key>> && is_storable<typename SavedAs<Value>::Type>) {
      save_entry(place, entry.first, [&] {
        store(entry.first, out);
        store(SavedAs<Value>::save(entry.second, wall_offset_ns), out);
      });
      ++entries;
    }
  }
  /// True when the buffer is large enough to be handed on.
  bool full() const { return out.size() >= 256 * 1024; }
};

/// A table that knows whether it has changed since it was last saved. It is saved in slices, as it
/// was when the save began: a cursor walks over it, and an entry that the cursor has not reached is
/// saved before it changes. While no save goes on, a change costs one more comparison.
///
///     dirty  --begin_save-->  saving  --end_save, nothing changed-->  clean
///       ^                        |                                      |
///       +---end_save, or abandon-+   (something changed)                |
///       +----------------------------- a change ------------------------+
///
/// All fields that a look-up reads are in one cache line.
template <class Key, class Value, class Writer = EntryWriter<Key, Value>>
class alignas(64) GroupTable {
 public:
  using Stored = OwnedKey<Key>;
  using Table = KeyTable<Key, Value>;
  using Entry = typename Table::value_type;
  using Iterator = typename Table::iterator;

  /// Returns the key's value, which the caller may change. The reference is valid until the next
  /// call of another function.
  [[gnu::always_inline]] Value& find_or_create(std::uint64_t hash, const Key& key) {
    const Iterator found = table_.find(KeyProbe<Key>{hash, key});
    if (mode_ != Mode::dirty) [[unlikely]] {
      before_change(found);
    }
    if (found != table_.end()) [[likely]] {
      return found->second;
    }
    return create(key);
  }

  /// Returns the key's entry, which the caller may change, or null when the key has no value.
  template <class K>
  [[gnu::always_inline]] Entry* find(std::uint64_t hash, const K& key) {
    const Iterator found = table_.find(KeyProbe<K>{hash, key});
    if (mode_ != Mode::dirty) [[unlikely]] {
      before_change(found);
    }
    return found == table_.end() ? nullptr : &*found;
  }

  /// The same as find(). Requires dirty(), so that a change needs nothing before it. The likely
  /// entry is looked at first, because that takes fewer instructions than to look for the key.
  template <class K>
  [[gnu::always_inline]] Entry* find_plain(std::uint64_t hash, const K& key) {
    const Iterator likely = table_.find(LikelyProbe{hash});
    if (likely == table_.end()) {
      return nullptr;
    }
    return equal_keys(key, likely->first) ? &*likely : find_behind(hash, key);
  }

  /// Fetches the entry that a key with this hash very likely has into the cache, and returns it
  /// without waiting. Its value may be changed, if the key is the right one, until an insertion
  /// moves entries. Null when find_or_create() has to do more than look the key up.
  [[gnu::always_inline]] Entry* find_ahead(std::uint64_t hash) {
    if (mode_ != Mode::dirty) [[unlikely]] {
      return nullptr;
    }
    const Iterator found = table_.find(LikelyProbe{hash});
    if (found == table_.end()) {
      return nullptr;
    }
    Entry* const entry = &*found;
    __builtin_prefetch(entry, 1);
    return entry;
  }
  /// Fetches the entry that a key with this hash very likely has into the cache, and returns it
  /// without waiting; null when there is none. It must not be changed.
  const Entry* fetch(std::uint64_t hash) {
    const Iterator found = table_.find(LikelyProbe{hash});
    if (found == table_.end()) {
      return nullptr;
    }
    __builtin_prefetch(&*found, 1);
    return &*found;
  }
  /// True when the next insertion moves entries in memory.
  bool full() const { return table_.size() >= table_.max_load(); }

  /// A separate function, so that the common case, the look-up, is small enough to be inlined.
  [[gnu::noinline]] Value& create(const Key& key) { return insert(Stored(key), Value()); }

  template <class V>
  Value& insert(Stored key, V&& value) {
    if (mode_ == Mode::clean) {
      mode_ = Mode::dirty;
    }
    if (saving_ != nullptr) {
      saving_->changed = true;
      if (table_.size() >= table_.max_load()) {
        save_rest();
      }
    }
    Entry& entry = *table_.try_emplace(std::move(key), std::forward<V>(value)).first;
    if (saving_ != nullptr && is_ahead(entry)) {
      saving_->set_done(entry, table_.bucket_count());
    }
    return entry.second;
  }

  template <class K>
  Iterator iterator_of(std::uint64_t hash, const K& key) {
    return table_.find(KeyProbe<K>{hash, key});
  }
  template <class K>
  bool erase(std::uint64_t hash, const K& key) {
    const auto found = iterator_of(hash, key);
    if (found == table_.end()) {
      return false;
    }
    erase(found);
    return true;
  }
  void erase(Iterator entry) {
    if (mode_ != Mode::dirty) [[unlikely]] {
      before_change(entry);
      if (saving_ != nullptr && saving_->cursor == entry) {
        ++saving_->cursor;
      }
    }
    table_.erase(entry);
  }

  /// Changes through these iterators do not count as changes.
  auto begin() { return table_.begin(); }
  auto end() { return table_.end(); }
  std::size_t size() const { return table_.size(); }
  bool empty() const { return table_.empty(); }
  /// Makes room for entries. Unlike `reserve` of Boost it never makes the table smaller.
  void reserve(std::size_t entries) {
    if (entries > table_.max_load()) {
      table_.reserve(entries);
    }
  }
  void clear() {
    if (saving_ != nullptr) {
      save_rest();
      saving_->changed = true;
    } else if (!table_.empty()) {
      mode_ = Mode::dirty;
    }
    table_.clear();
  }

  bool dirty() const { return mode_ == Mode::dirty; }
  bool saving() const { return mode_ == Mode::saving; }
  void set_clean() { mode_ = Mode::clean; }
  void set_dirty() {
    saving_.reset();
    mode_ = Mode::dirty;
  }

  // Saving.

  void begin_save(Writer writer) {
    saving_ = std::make_unique<Saving>();
    saving_->cursor = table_.begin();
    saving_->first = table_.empty() ? nullptr : &*table_.begin();
    saving_->exhausted = table_.empty();
    saving_->writer = std::move(writer);
    mode_ = Mode::saving;
  }
  /// Saves up to `budget` entries, which it counts down. Returns true when all are saved.
  bool save_some(std::size_t& budget) {
    Saving& saving = *saving_;
    std::size_t fetched = 0;
    while (!saving.exhausted && budget != 0 && !saving.writer.full()) {
      if constexpr (FetchesAhead<Value>) {
        fetched = fetched == 0 ? fetch_next() : fetched - 1;
      }
      save_next();
      --budget;
    }
    return saving.exhausted;
  }
  /// Has the saved entries, which the caller takes from there. Call only during a save.
  Writer& writer() { return saving_->writer; }
  /// Ends the save. Call when everything was saved and taken.
  void end_save() {
    mode_ = saving_->changed ? Mode::dirty : Mode::clean;
    saving_.reset();
  }

 private:
  enum class Mode : std::uint8_t { dirty, clean, saving };

  struct Saving {
    Iterator cursor;
    const Entry* first = nullptr;
    /// Marks entries that the cursor must skip because they were saved already, or inserted after
    /// the save began. Indexed by position in the table, counted from `first`; empty when there are
    /// none.
    std::vector<bool> done;
    Writer writer;
    bool changed = false;
    bool exhausted = false;

    bool is_done(const Entry& entry) const { return !done.empty() && done[place(entry)]; }
    void set_done(const Entry& entry, std::size_t places) {
      if (done.empty()) {
        done.resize(places);
      }
      done[place(entry)] = true;
    }
    std::size_t place(const Entry& entry) const { return static_cast<std::size_t>(&entry - first); }
  };

  [[gnu::noinline]] void before_change(Iterator entry) {
    if (mode_ == Mode::clean) {
      mode_ = Mode::dirty;
      return;
    }
    saving_->changed = true;
    if (entry != table_.end() && is_ahead(*entry) && !saving_->is_done(*entry)) {
      saving_->set_done(*entry, table_.bucket_count());
      saving_->writer.write(*entry);
    }
  }

  // True when the cursor has not passed the entry. Addresses can be compared, because the table is
  // one array, over which iterators go from start to end, and does not move until all is saved.
  bool is_ahead(const Entry& entry) const {
    return !saving_->exhausted && saving_->cursor != table_.end() &&
           !std::less<const Entry*>()(&entry, &*saving_->cursor);
  }

  // Fetches the entries that are saved next, and returns for how many after the next one it did.
  std::size_t fetch_next() {
    Fetch<Value> next;
    for (Iterator entry = saving_->cursor; entry != table_.end() && !next.full(); ++entry) {
      next.add(entry->second);
    }
    next.run();
    return next.count() == 0 ? 0 : next.count() - 1;
  }

  void save_next() {
    Saving& saving = *saving_;
    if (saving.cursor == table_.end()) {
      saving.exhausted = true;
      saving.done = {};
      return;
    }
    const Entry& entry = *saving.cursor;
    if (!saving.is_done(entry)) {
      saving.writer.write(entry);
    }
    ++saving.cursor;
  }

  // Saves all that is left. Call before entries move in memory.
  void save_rest() {
    while (!saving_->exhausted) {
      save_next();
    }
  }

  // Finds a key of whose hash another entry has the same bits.
  template <class K>
  [[gnu::noinline]] Entry* find_behind(std::uint64_t hash, const K& key) {
    const Iterator found = table_.find(KeyProbe<K>{hash, key});
    return found == table_.end() ? nullptr : &*found;
  }

  Mode mode_ = Mode::dirty;
  Table table_;
  std::unique_ptr<Saving> saving_;
};

}  // namespace wallaroo::internal
