// One value per key.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include <boost/unordered/unordered_flat_map.hpp>

#include "record/key.hpp"
#include "route/key_group.hpp"

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
    if (const auto found = table.find(Probe{hash, key}); found != table.end()) [[likely]] {
      return found->second;
    }
    return create(table, key);
  }

  std::size_t size() const {
    std::size_t keys = 0;
    for (const Table& table : tables_) {
      keys += table.size();
    }
    return keys;
  }

 private:
  struct Probe {
    std::uint64_t hash;
    const Key& key;
  };
  struct Hash {
    using is_transparent = void;
    using is_avalanching = void;
    std::size_t operator()(const Stored& key) const { return hash_key(key); }
    [[gnu::always_inline]] std::size_t operator()(const Probe& probe) const { return probe.hash; }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const Stored& a, const Stored& b) const { return equal_keys(a, b); }
    [[gnu::always_inline]] bool operator()(const Probe& a, const Stored& b) const {
      return equal_keys(a.key, b);
    }
    [[gnu::always_inline]] bool operator()(const Stored& a, const Probe& b) const {
      return equal_keys(a, b.key);
    }
  };
  using Table = boost::unordered_flat_map<Stored, State, Hash, Equal>;

  // By itself, so that the look-up, which is what happens, stays small enough to stand in the loop.
  [[gnu::noinline]] static State& create(Table& table, const Key& key) {
    return table.emplace(Stored(key), State{}).first->second;
  }

  std::array<Table, key_group_count> tables_;
};

}  // namespace wallaroo::internal
