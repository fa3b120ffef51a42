// A hash table by key whose look-ups take the hash that the record carries.
#pragma once

#include <cstddef>
#include <cstdint>

#include <boost/unordered/unordered_flat_map.hpp>

#include "record/key.hpp"

namespace wallaroo::internal {

/// A key to look up, with its hash. K is a Key or its owned form.
template <class K>
struct KeyProbe {
  std::uint64_t hash;
  const K& key;
};

/// Finds the entry that a key with this hash very likely has, without reading any entry.
struct LikelyProbe {
  std::uint64_t hash;
};

template <class Stored>
struct KeyTableHash {
  using is_transparent = void;
  using is_avalanching = void;
  std::size_t operator()(const Stored& key) const { return hash_key(key); }
  template <class K>
  [[gnu::always_inline]] std::size_t operator()(const KeyProbe<K>& probe) const {
    return probe.hash;
  }
  std::size_t operator()(const LikelyProbe& probe) const { return probe.hash; }
};

template <class Stored>
struct KeyTableEqual {
  using is_transparent = void;
  bool operator()(const Stored& a, const Stored& b) const { return equal_keys(a, b); }
  template <class K>
  [[gnu::always_inline]] bool operator()(const KeyProbe<K>& a, const Stored& b) const {
    return equal_keys(a.key, b);
  }
  template <class K>
  [[gnu::always_inline]] bool operator()(const Stored& a, const KeyProbe<K>& b) const {
    return equal_keys(a, b.key);
  }
  // The table asks only for entries of which it knows seven or eight bits of the hash to be right.
  bool operator()(const LikelyProbe&, const Stored&) const { return true; }
  bool operator()(const Stored&, const LikelyProbe&) const { return true; }
};

/// A table by key. Look keys up with KeyProbe{hash, key}.
template <class Key, class Value>
using KeyTable = boost::unordered_flat_map<OwnedKey<Key>, Value, KeyTableHash<OwnedKey<Key>>,
                                           KeyTableEqual<OwnedKey<Key>>>;

}  // namespace wallaroo::internal
