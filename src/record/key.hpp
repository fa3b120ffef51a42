// Hashing and comparing keys, and the type that owns a key.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <boost/pfr/core.hpp>
#include <boost/pfr/tuple_size.hpp>

#include "base/short_bytes.hpp"
#include "record/key_form.hpp"
#include "record/record_batch.hpp"
#include "record/views.hpp"

namespace wallaroo::internal {

/// Bijective mix of 64 bits (the finaliser of MurmurHash3, Appleby): every input bit reaches every
/// output bit, so key group and hash table may use disjoint bits of the result.
constexpr std::uint64_t mix(std::uint64_t x) {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdULL;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53ULL;
  x ^= x >> 33;
  return x;
}

/// The hash that decides the group of a key and its position in the state table. For integers,
/// enums, strings and aggregates of them it is the same in every process and every build.
template <HashableKey T>
[[gnu::always_inline]] inline std::uint64_t hash_key(const T& key) {
  constexpr KeyForm form = key_form<T>();
  if constexpr (form == KeyForm::bytes) {
    return hash_bytes(key);
  } else if constexpr (form == KeyForm::number) {
    return mix(static_cast<std::uint64_t>(key));
  } else if constexpr (form == KeyForm::hashed) {
    return mix(std::hash<T>{}(key));
  } else {
    std::uint64_t result = 0x9e3779b97f4a7c15ULL;
    all_key_parts<T>([&]<std::size_t I>() {
      result = mix(result ^ hash_key(KeyParts<T>::template get<I>(key))) + result;
      return true;
    });
    return result;
  }
}

/// True for arrays of numbers, which are compared with one call.
template <class T>
inline constexpr bool is_array_of_numbers = false;
template <class T, std::size_t N>
inline constexpr bool is_array_of_numbers<std::array<T, N>> = key_form<T>() == KeyForm::number;

/// Compares keys; strings without a branch on their length.
template <class A, class B>
[[gnu::always_inline]] inline bool equal_keys(const A& a, const B& b) {
  if constexpr (StringLike<A> && StringLike<B>) {
    return equal_bytes(a, b);
  } else {
    static_assert(std::is_same_v<A, B>);
    constexpr KeyForm form = key_form<A>();
    if constexpr (form == KeyForm::number) {
      return a == b;
    } else if constexpr (form == KeyForm::hashed ? HasEquality<A> : is_array_of_numbers<A>) {
      return a == b;
    } else if constexpr (form == KeyForm::hashed) {
      return [&]<std::size_t... I>(std::index_sequence<I...>) {
        return (equal_keys(boost::pfr::get<I>(a), boost::pfr::get<I>(b)) && ...);
      }
      (std::make_index_sequence<boost::pfr::tuple_size_v<A>>{});
    } else {
      return all_key_parts<A>([&]<std::size_t I>() {
        return equal_keys(KeyParts<A>::template get<I>(a), KeyParts<A>::template get<I>(b));
      });
    }
  }
}

/// False for NaN and for keys that contain one. Each record with such a key would have a state of
/// its own, which could never be found again.
template <class T>
[[gnu::always_inline]] inline bool equals_itself(const T& key) {
  constexpr KeyForm form = key_form<T>();
  if constexpr (always_equals_itself<T>()) {
    return true;
  } else if constexpr (form == KeyForm::fields || form == KeyForm::elements) {
    return all_key_parts<T>(
        [&]<std::size_t I>() { return equals_itself(KeyParts<T>::template get<I>(key)); });
  } else {
    return equal_keys(key, key);
  }
}

/// False for keys whose hash is cheaper to compute again than to send with each record.
template <class Key>
inline constexpr bool sends_hash = key_form<Key>() != KeyForm::number;

template <class Key>
struct OwnedKeyOf {
  using type = Key;
};
template <>
struct OwnedKeyOf<std::string_view> {
  using type = std::string;
};
/// The type that a state table stores for keys of type Key: the key itself, or a string for a view.
template <class Key>
using OwnedKey = typename OwnedKeyOf<std::remove_cvref_t<Key>>::type;

/// The hash and the key of the record that passes through the stages after `key_by`. The key is a
/// reference, or a view that was made for this call.
template <class KeyOrReference>
struct KeyRef {
  std::uint64_t hash;
  KeyOrReference key;
};

/// The slot of a record whose key is computed again by the executor that owns it.
template <class Key, class T>
using SlotWithoutKey = std::conditional_t<sends_hash<Key>, Hashed<T>, T>;

/// Stands in for the key in chains without keys.
struct NoKey {};

/// Accompanies a record of a stream with event time through the stages: its key (a KeyRef or NoKey)
/// and its event time. A record without event time is accompanied by the key alone.
template <class KeyPart>
struct At {
  KeyPart key;
  std::int64_t time_ns;
};

template <class KeyPart>
inline constexpr bool has_time = false;
template <class KeyPart>
inline constexpr bool has_time<At<KeyPart>> = true;

template <class KeyPart>
const KeyPart& key_part(const KeyPart& place) {
  return place;
}
template <class KeyPart>
const KeyPart& key_part(const At<KeyPart>& place) {
  return place.key;
}

}  // namespace wallaroo::internal
