// The values of one key group, which can be saved while they change.
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
#include "state/key_table.hpp"
#include "state/saved_as.hpp"

namespace wallaroo::internal {

/// Stores entries one after the other.
template <class Key, class Value>
struct EntryWriter {
  StoredWriter out;
  std::uint32_t entries = 0;
  std::int64_t wall_offset_ns = 0;
  SavePlace place = {};

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
  /// Enough is saved that it should be taken.
  bool full() const { return out.size() >= 256 * 1024; }
};

/// A table that knows whether it has changed since it was last saved, and that is saved as of one
/// moment in slices: a cursor walks over it, and an entry that the cursor has not reached is saved
/// before it changes. In between changes cost what they always cost and one comparison.
///
///     dirty  --begin_save-->  saving  --end_save, nothing changed-->  clean
///       ^                        |                                      |
///       +---end_save, or abandon-+   (something changed)                |
///       +----------------------------- a change ------------------------+
///
/// What every look-up reads of it lies in one line of the cache.
template <class Key, class Value, class Writer = EntryWriter<Key, Value>>
class alignas(64) GroupTable {
 public:
  using Stored = OwnedKey<Key>;
  using Table = KeyTable<Key, Value>;
  using Entry = typename Table::value_type;
  using Iterator = typename Table::iterator;

  /// The references are valid until the next call of another function.
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

  /// To be changed, perhaps. Null when the key has no value.
  template <class K>
  [[gnu::always_inline]] Entry* find(std::uint64_t hash, const K& key) {
    const Iterator found = table_.find(KeyProbe<K>{hash, key});
    if (mode_ != Mode::dirty) [[unlikely]] {
      before_change(found);
    }
    return found == table_.end() ? nullptr : &*found;
  }

  /// A look-up ahead of find_or_create(), to be changed until the next insertion that moves
  /// entries. Null where that has more to do than to find it.
  [[gnu::always_inline]] Value* find_ahead(std::uint64_t hash, const Key& key) {
    if (mode_ != Mode::dirty) [[unlikely]] {
      return nullptr;
    }
    const Iterator found = table_.find(KeyProbe<Key>{hash, key});
    return found == table_.end() ? nullptr : &found->second;
  }
  /// The next insertion moves entries in memory.
  bool full() const { return table_.size() >= table_.max_load(); }

  /// By itself, so that the look-up, which is what happens, stays small enough to stand in a loop.
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

  /// What they change does not count as a change.
  auto begin() { return table_.begin(); }
  auto end() { return table_.end(); }
  std::size_t size() const { return table_.size(); }
  bool empty() const { return table_.empty(); }
  /// Does not make the table smaller, as that of Boost would.
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
  /// Saves up to `budget` entries, and counts them down. True when all are saved.
  bool save_some(std::size_t& budget) {
    Saving& saving = *saving_;
    while (!saving.exhausted && budget != 0 && !saving.writer.full()) {
      save_next();
      --budget;
    }
    return saving.exhausted;
  }
  /// While it is being saved: what was saved is to be taken from there.
  Writer& writer() { return saving_->writer; }
  /// Everything was saved and taken.
  void end_save() {
    mode_ = saving_->changed ? Mode::dirty : Mode::clean;
    saving_.reset();
  }

 private:
  enum class Mode : std::uint8_t { dirty, clean, saving };

  struct Saving {
    Iterator cursor;
    const Entry* first = nullptr;
    /// By place in the table, counted from `first`: entries from the cursor on that were saved
    /// already, or that are younger than the moment. Empty as long as there was none.
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

  // The cursor has not passed it. The table lies in one array, over which iterators go from its
  // start to its end; it stays there until everything is saved.
  bool is_ahead(const Entry& entry) const {
    return !saving_->exhausted && saving_->cursor != table_.end() &&
           !std::less<const Entry*>()(&entry, &*saving_->cursor);
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

  // Before entries move to other places in memory.
  void save_rest() {
    while (!saving_->exhausted) {
      save_next();
    }
  }

  Mode mode_ = Mode::dirty;
  Table table_;
  std::unique_ptr<Saving> saving_;
};

}  // namespace wallaroo::internal
