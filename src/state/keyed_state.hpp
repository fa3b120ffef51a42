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
#include "state/fetch_ahead.hpp"
#include "state/group_table.hpp"
#include "state/key_visitor.hpp"
#include "state/loading.hpp"
#include "state/private_cache.hpp"
#include "state/stage_state.hpp"

namespace wallaroo::internal {

/// The states of a stage on one executor, in one table per key group, because groups move between
/// owners. The state of a key starts as State{} and is looked up with the hash that the record
/// carries, so a key is hashed only once. Checkpoints save the states in slices while they are
/// used.
template <class Key, class State>
class KeyedState : public StatePart {
 public:
  using Stored = OwnedKey<Key>;

  /// A key and its state.
  using Entry = std::pair<const Stored, State>;

  /// `name` is the part's name in checkpoints, and must have static lifetime.
  explicit KeyedState(std::string_view name = "state") : name_(name) {}

  /// Decides whether `SavedAs` gets the offset of the wall clock, or 0 because the values have no
  /// times of the engine's clock. Call before anything is saved or loaded.
  void shift_times(bool shift) { shifts_times_ = shift; }

  /// The reference is valid until the next call.
  [[gnu::always_inline]] State& find_or_create(std::uint64_t hash, const Key& key) {
    return tables_[key_group(hash)].find_or_create(hash, key);
  }

  /// Looks a key up before it is needed: the entry is the key's if it has the key. Null when
  /// find_or_create() has to do more than look it up. The pointer is valid until create_ahead()
  /// sets `moved`.
  [[gnu::always_inline]] auto* find_ahead(std::uint64_t hash) {
    return tables_[key_group(hash)].find_ahead(hash);
  }
  /// Like find_or_create(), for a key whose look-up ahead returned null. Sets `moved` when the
  /// pointers of other look-ups ahead are not valid any more.
  State& create_ahead(std::uint64_t hash, const Key& key, bool& moved) {
    Table& table = tables_[key_group(hash)];
    const bool full = table.full();
    const std::size_t keys = table.size();
    State& state = table.find_or_create(hash, key);
    moved = full && table.size() != keys;
    return state;
  }

  /// Fetches the states of keys with these hashes into the cache, at most `Fetch::most` of them.
  void fetch(const std::uint64_t* hashes, std::size_t count) {
    std::array<const Entry*, Fetch<State>::most> likely;
    for (std::size_t i = 0; i < count; ++i) {
      likely[i] = tables_[key_group(hashes[i])].fetch(hashes[i]);
    }
    Fetch<State> states;
    for (std::size_t i = 0; i < count; ++i) {
      if (likely[i] != nullptr) {
        states.add(likely[i]->second);
      }
    }
    states.run();
  }

  /// Returns the key's entry, or null when it has no state. `key` is a Key or its owned form. The
  /// pointer is valid until the next call that adds or erases.
  template <class K>
  Entry* find(std::uint64_t hash, const K& key) {
    return tables_[key_group(hash)].find(hash, key);
  }

  /// Removes the state of a key, and returns true when there was one. The table keeps the memory
  /// for other keys.
  template <class K>
  bool erase(std::uint64_t hash, const K& key) {
    return tables_[key_group(hash)].erase(hash, key);
  }

  /// Calls visit(Entry&) for all keys, in no order. `visit` must neither add nor erase keys, and
  /// its changes do not count as changes for checkpoints.
  template <class Visit>
  void for_each(Visit visit) {
    for (Table& table : tables_) {
      for (Entry& entry : table) {
        visit(entry);
      }
    }
  }

  /// True when most look-ups wait for memory behind the core's own cache.
  bool is_large() const { return exceeds_private_cache(bytes()); }
  /// The memory of the entries.
  std::size_t bytes() const { return size() * (sizeof(Entry) + 1); }
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
  void visit_keys(KeyVisitor& visitor) override {
    KeysShown<Stored> shown(visitor);
    for_each([&](const Entry& entry) { shown.show(entry.first); });
  }

  void begin_save(const SaveStart& start) override {
    check(saved_ == key_group_count, "one save at a time");
    attempt_.reset();
    for (std::size_t group = 0; group < key_group_count; ++group) {
      if (start.owned[group] && (tables_[group].dirty() || start.also[group])) {
        attempt_.set(group);
        tables_[group].begin_save({{}, 0, shifts_times_ ? start.wall_offset_ns : 0, start.place});
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

  void load(const SavedGroup& group, std::string_view bytes, std::uint32_t entries) override {
    if constexpr (is_storable_state) {
      if (group.same()) {
        Table& table = tables_[group.group];
        table.reserve(table.size() + std::min<std::size_t>(entries, bytes.size()));
      }
      StoredReader in(bytes);
      for (std::uint32_t i = 0; i < entries; ++i) {
        load_entry(group, in);
      }
      check_at_end(in);
    }
  }

  void end_load() override {
    loading_.reset();
    // If the type has changed, later checkpoints cannot refer to the bytes of the loaded one, so
    // all groups stay dirty.
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

  void load_entry(const SavedGroup& group, StoredReader& in) {
    Stored key = load_key([&] { return loading_->key(in); });
    auto value = load_value(
        key, [&]() -> State { return SavedAs<State>::load(loading_->value(in), load_offset_ns_); });
    const std::uint64_t hash = hash_key(key);
    if (!group.wanted(hash) || !equals_itself(key)) {
      return;  // older versions stored keys that are not equal to themselves: no record finds them
    }
    tables_[key_group(hash)].insert(std::move(key), std::move(value));
  }

  std::string_view name_;
  bool shifts_times_ = true;
  std::array<Table, key_group_count> tables_;
  KeyGroups attempt_;                    ///< the groups of the last save
  std::size_t saved_ = key_group_count;  ///< all groups before this one are saved
  std::unique_ptr<Loading> loading_;
  std::int64_t load_offset_ns_ = 0;
  bool type_changed_ = false;  ///< the loaded checkpoint has another type of values
};

}  // namespace wallaroo::internal
