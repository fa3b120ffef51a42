// One value per key.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "record/key.hpp"
#include "route/key_group.hpp"
#include "state/entry_failure.hpp"
#include "state/group_table.hpp"
#include "state/loading.hpp"
#include "state/stage_state.hpp"

namespace wallaroo::internal {

/// The states of a stage on one executor: a table per key group, since groups are what moves
/// between owners. A key's state starts as State{} and is found with the hash that the record
/// carries, so a key is hashed once on its way. Checkpoints save it in slices while it is used.
template <class Key, class State>
class KeyedState : public StatePart {
 public:
  using Stored = OwnedKey<Key>;

  /// `name` is what the part is called in checkpoints; of static lifetime.
  explicit KeyedState(std::string_view name = "state") : name_(name) {}

  /// Whether `SavedAs` gets the wall clock's offset, or 0 since the values have no times of the
  /// engine's clock. Before anything is saved or loaded.
  void shift_times(bool shift) { shifts_times_ = shift; }

  /// The reference is valid until the next call.
  [[gnu::always_inline]] State& find_or_create(std::uint64_t hash, const Key& key) {
    return tables_[key_group(hash)].find_or_create(hash, key);
  }

  /// A look-up ahead of find_or_create(): null where that has more to do than to find it. The
  /// pointer is valid until a call of create_ahead() that says otherwise.
  [[gnu::always_inline]] State* find_ahead(std::uint64_t hash, const Key& key) {
    return tables_[key_group(hash)].find_ahead(hash, key);
  }
  /// find_or_create(), of a key that was looked up ahead. `moved` is set when pointers of other
  /// such look-ups are not valid any more.
  State& create_ahead(std::uint64_t hash, const Key& key, bool& moved) {
    Table& table = tables_[key_group(hash)];
    const bool full = table.full();
    const std::size_t keys = table.size();
    State& state = table.find_or_create(hash, key);
    moved = full && table.size() != keys;
    return state;
  }

  /// A key and its state.
  using Entry = std::pair<const Stored, State>;

  /// Null when the key has no state. `key` is a Key or what is stored of one. Valid until the next
  /// call that adds or erases.
  template <class K>
  Entry* find(std::uint64_t hash, const K& key) {
    return tables_[key_group(hash)].find(hash, key);
  }

  /// The key starts anew when it comes again. Its place in the table is kept for other keys. True
  /// when it had a state.
  template <class K>
  bool erase(std::uint64_t hash, const K& key) {
    return tables_[key_group(hash)].erase(hash, key);
  }

  /// Calls visit(Entry&) for all keys, in no order. It must neither add nor erase keys, and what it
  /// changes does not count as a change for checkpoints.
  template <class Visit>
  void for_each(Visit visit) {
    for (Table& table : tables_) {
      for (Entry& entry : table) {
        visit(entry);
      }
    }
  }

  /// Most look-ups find their keys in memory rather than in a cache of the processor's own.
  bool is_large() const {
    constexpr std::size_t cached_bytes = 2 << 20;
    return size() * (sizeof(Entry) + 1) > cached_bytes;
  }
  std::size_t size() const {
    std::size_t keys = 0;
    for (const Table& table : tables_) {
      keys += table.size();
    }
    return keys;
  }

  /// Forgets all keys.
  void clear() {
    for (Table& table : tables_) {
      table.clear();
    }
  }

  // See StatePart.

  std::string_view name() const override { return name_; }
  bool storable() const override { return is_storable_state; }
  std::string key_schema() const override { return schema_text<Stored>(); }
  std::string value_schema() const override { return schema_text<Saved>(); }
  std::vector<std::string> value_fields() const override { return schema_fields<Saved>(); }

  void begin_save(const SaveStart& start) override {
    check(saved_ == key_group_count, "one save at a time");
    attempt_.reset();
    for (std::size_t group = 0; group < key_group_count; ++group) {
      if (start.owned[group] && (tables_[group].dirty() || start.also[group])) {
        attempt_.set(group);
        tables_[group].begin_save(
            {{}, 0, shifts_times_ ? start.wall_offset_ns : 0, start.place});
      }
    }
    saved_ = 0;
  }

  bool save_some(std::size_t& budget, SectionSink& out) override {
    for (; saved_ < key_group_count; ++saved_) {
      Table& table = tables_[saved_];
      if (!table.saving()) {
        continue;
      }
      const bool all = table.save_some(budget);
      if (auto& writer = table.writer(); all || writer.full()) {
        out.section(saved_, writer.out.bytes(), writer.entries);
        writer.out.clear();
        writer.entries = 0;
      }
      if (!all) {
        return true;
      }
      table.end_save();
    }
    return false;
  }

  void abandon_save() override {
    for (std::size_t group = 0; group < key_group_count; ++group) {
      if (attempt_[group]) {
        tables_[group].set_dirty();
      }
    }
    saved_ = key_group_count;
  }

  void begin_load(std::string_view key_schema, std::string_view value_schema,
                  std::int64_t wall_offset_ns) override {
    if constexpr (is_storable_state) {
      loading_ = std::make_unique<Loading>(key_schema, value_schema);
      load_offset_ns_ = shifts_times_ ? wall_offset_ns : 0;
      type_changed_ = value_schema != schema_text<Saved>();
    }
  }

  void expect(std::size_t group, std::size_t entries) override {
    tables_[group].reserve(tables_[group].size() + entries);
  }

  void load(std::size_t group, std::string_view bytes, std::uint32_t entries) override {
    if constexpr (is_storable_state) {
      Table& table = tables_[group];
      table.reserve(table.size() + std::min<std::size_t>(entries, bytes.size()));
      StoredReader in(bytes);
      for (std::uint32_t i = 0; i < entries; ++i) {
        load_entry(group, table, in);
      }
      check_at_end(in);
    }
  }

  void end_load() override {
    loading_.reset();
    // Of a type that has changed the bytes of that checkpoint do not serve the next ones.
    if (!type_changed_) {
      for (Table& table : tables_) {
        table.set_clean();
      }
    }
  }

 private:
  using Table = GroupTable<Key, State>;
  using Saved = typename SavedAs<State>::Type;
  static constexpr bool is_storable_state = is_storable<Stored> && is_storable<Saved>;

  using Loading = LoadingOf<Stored, Saved>;

  void load_entry(std::size_t group, Table& table, StoredReader& in) {
    Stored key = load_key([&] { return loading_->key(in); });
    auto value = load_value(key, [&]() -> State {
      return SavedAs<State>::load(loading_->value(in), load_offset_ns_);
    });
    check_group(group, hash_key(key));
    if (!equals_itself(key)) {
      return;  // older versions kept such keys, though nothing could be found by them
    }
    table.insert(std::move(key), std::move(value));
  }

  std::string_view name_;
  bool shifts_times_ = true;
  std::array<Table, key_group_count> tables_;
  KeyGroups attempt_;                    ///< what the last save holds
  std::size_t saved_ = key_group_count;  ///< the groups before it are saved
  std::unique_ptr<Loading> loading_;
  std::int64_t load_offset_ns_ = 0;
  bool type_changed_ = false;  ///< since the checkpoint that was loaded
};

}  // namespace wallaroo::internal
