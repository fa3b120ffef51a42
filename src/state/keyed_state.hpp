// One value per key.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "record/key.hpp"
#include "route/key_group.hpp"
#include "state/key_table.hpp"

namespace wallaroo::internal {

/// The states of a stage on one executor: a table per key group, since groups are what moves
/// between owners. A key's state starts as State{} and is found with the hash that the record
/// carries, so a key is hashed once on its way.
template <class Key, class State>
class KeyedState {
 public:
  using Stored = OwnedKey<Key>;

  /// The reference is valid until the next call.
  [[gnu::always_inline]] State& find_or_create(std::uint64_t hash, const Key& key) {
    Table& table = tables_[key_group(hash)];
    if (const auto found = table.find(KeyProbe<Key>{hash, key}); found != table.end()) [[likely]] {
      return found->second;
    }
    return create(table, key);
  }

  /// A key and its state.
  using Entry = std::pair<const Stored, State>;

  /// Null when the key has no state. `key` is a Key or what is stored of one. Valid until the next
  /// call that adds or erases.
  template <class K>
  Entry* find(std::uint64_t hash, const K& key) {
    Table& table = tables_[key_group(hash)];
    const auto found = table.find(KeyProbe<K>{hash, key});
    return found == table.end() ? nullptr : &*found;
  }

  /// The key starts anew when it comes again. Its place in the table is kept for other keys. True
  /// when it had a state.
  template <class K>
  bool erase(std::uint64_t hash, const K& key) {
    Table& table = tables_[key_group(hash)];
    const auto found = table.find(KeyProbe<K>{hash, key});
    if (found == table.end()) {
      return false;
    }
    table.erase(found);
    return true;
  }

  /// Calls visit(Entry&) for all keys, in no order. It must neither add nor erase keys.
  template <class Visit>
  void for_each(Visit visit) {
    for (Table& table : tables_) {
      for (Entry& entry : table) {
        visit(entry);
      }
    }
  }

  std::size_t size() const {
    std::size_t keys = 0;
    for (const Table& table : tables_) {
      keys += table.size();
    }
    return keys;
  }

 private:
  using Table = KeyTable<Key, State>;

  // By itself, so that the look-up, which is what happens, stays small enough to stand in the loop.
  [[gnu::noinline]] static State& create(Table& table, const Key& key) {
    return table.try_emplace(Stored(key)).first->second;
  }

  std::array<Table, key_group_count> tables_;
};

}  // namespace wallaroo::internal
