// Aggregations that keep records or values: the greatest, the most frequent, the distinct ones.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include "record/key.hpp"
#include "window/aggregations/aggregation_function.hpp"
#include "window/aggregations/aggregation_order.hpp"

namespace wallaroo {

/// A value and how many records of the window have it.
template <class Value>
struct Frequency {
  Value value;
  std::uint64_t count = 0;

  friend bool operator==(const Frequency&, const Frequency&) = default;
};

namespace internal {

template <class Value, class Record>
struct Ranked {
  Value value;
  Record record;
};

template <class F>
struct TopPart {
  using Value = ValueOf<F>;
  using Record = RecordOf<F>;
  using Accumulator = std::vector<Ranked<Value, Record>>;  // the greatest first, at most k
  static_assert(Ordered<Value>, "wallaroo: top_k needs values that can be compared with <");
  static constexpr bool pre_aggregate = true;

  std::size_t k;
  F function;

  Accumulator initial_accumulator() const { return {}; }
  /// The first k records of each batch are kept, so a great k saves nothing.
  bool pays_to_pre_aggregate() const { return k <= 32; }

  template <class In>
  requires std::is_invocable_v<const F&, const In&>
  void update(const In& record, Accumulator& top) const {
    static_assert(std::is_same_v<In, Record>,
                  "wallaroo: top_k keeps records of the type that its function takes, which must "
                  "be the record of the stage before the window, not a base of it or a type that "
                  "it converts to");
    decltype(auto) value = std::invoke(function, record);
    if (top.size() == k && !DescendingOrder{}(value, top.back().value)) {
      return;
    }
    insert({std::forward<decltype(value)>(value), record}, top);
  }

  Accumulator combine(Accumulator a, const Accumulator& b) const {
    for (const auto& ranked : b) {
      if (a.size() == k && !DescendingOrder{}(ranked.value, a.back().value)) {
        break;  // later ones are no greater, so they do not fit either
      }
      insert(ranked, a);
    }
    return a;
  }

  std::vector<Record> value(const Accumulator& top) const {
    std::vector<Record> records;
    records.reserve(top.size());
    for (const auto& ranked : top) {
      records.push_back(ranked.record);
    }
    return records;
  }

 private:
  // Inserts behind equal values, so that of these the earlier ones stay.
  void insert(Ranked<Value, Record> ranked, Accumulator& top) const {
    const auto place = std::upper_bound(top.begin(), top.end(), ranked.value,
                                        [](const Value& value, const Ranked<Value, Record>& other) {
                                          return DescendingOrder{}(value, other.value);
                                        });
    const auto offset = place - top.begin();
    if (top.size() == k) {
      top.pop_back();
    }
    top.insert(top.begin() + offset, std::move(ranked));
  }
};

// hash_key mixes all bits, so the tables need not do so again. Strings are found by views of them.
// All NaN count as one value, because otherwise a table would get an entry for each record with
// one. So do all values of a class that are not equal to themselves by the class's own ==.
struct ValueHash {
  using is_avalanching = void;
  using is_transparent = void;
  template <class Value>
  std::size_t operator()(const Value& value) const {
    return always_equals_itself<Value>() || equals_itself(value) ? hash_key(value) : nan_hash;
  }

 private:
  static constexpr std::size_t nan_hash = 0x9ae16a3b2f90404fULL;
};
struct ValueEqual {
  using is_transparent = void;
  template <class A, class B>
  bool operator()(const A& a, const B& b) const {
    if constexpr (always_equals_itself<A>() && always_equals_itself<B>()) {
      return equal_keys(a, b);
    } else {
      return same_value(a, b);
    }
  }

 private:
  template <class Value>
  static bool same_value(const Value& a, const Value& b) {
    constexpr KeyForm form = key_form<Value>();
    if constexpr (form == KeyForm::fields || form == KeyForm::elements) {
      return all_key_parts<Value>([&]<std::size_t I>() {
        return same_value(KeyParts<Value>::template get<I>(a), KeyParts<Value>::template get<I>(b));
      });
    } else {
      return equal_keys(a, b) || (!equals_itself(a) && !equals_itself(b));
    }
  }
};

template <class F>
constexpr bool check_hashable() {
  static_assert(check_key_equality<ValueOf<F>>());
  static_assert(HashableKey<ValueOf<F>>,
                "wallaroo: distinct and most_frequent need values that are integers, enums, "
                "strings, aggregates of such, or have a std::hash");
  return true;
}

template <class F>
struct FrequentPart {
  static_assert(check_hashable<F>());
  using Value = ValueOf<F>;
  static_assert(Ordered<Value>,
                "wallaroo: most_frequent needs values that can be compared with <, which decides "
                "between those that are equally frequent");
  using Accumulator = boost::unordered_flat_map<Value, std::uint64_t, ValueHash, ValueEqual>;
  using Frequencies = std::vector<Frequency<Value>>;
  static constexpr bool pre_aggregate = true;

  std::size_t k;
  F function;

  Accumulator initial_accumulator() const { return {}; }
  template <class In>
  requires std::is_invocable_v<const F&, const In&>
  void update(const In& record, Accumulator& counts) const {
    decltype(auto) value = std::invoke(function, record);
    const auto found = counts.find(value);
    if (found != counts.end()) {
      ++found->second;
    } else {
      counts.emplace(std::forward<decltype(value)>(value), 1);
    }
  }
  Accumulator combine(Accumulator a, const Accumulator& b) const {
    for (const auto& [value, count] : b) {
      a[value] += count;
    }
    return a;
  }
  Frequencies value(const Accumulator& counts) const {
    Frequencies all;
    all.reserve(counts.size());
    for (const auto& [value, count] : counts) {
      all.push_back({value, count});
    }
    const auto end = all.begin() + static_cast<std::ptrdiff_t>(std::min(k, all.size()));
    std::partial_sort(all.begin(), end, all.end(), comes_first);
    all.erase(end, all.end());
    return all;
  }

 private:
  static bool comes_first(const Frequency<Value>& a, const Frequency<Value>& b) {
    return a.count != b.count ? a.count > b.count : AscendingOrder{}(a.value, b.value);
  }
};

template <class F>
struct DistinctPart {
  static_assert(check_hashable<F>());
  using Value = ValueOf<F>;
  using Accumulator = boost::unordered_flat_set<Value, ValueHash, ValueEqual>;
  static constexpr bool pre_aggregate = true;

  F function;

  Accumulator initial_accumulator() const { return {}; }
  template <class In>
  requires std::is_invocable_v<const F&, const In&>
  void update(const In& record, Accumulator& seen) const {
    decltype(auto) value = std::invoke(function, record);
    if (!seen.contains(value)) {
      seen.emplace(std::forward<decltype(value)>(value));
    }
  }
  Accumulator combine(Accumulator a, const Accumulator& b) const {
    a.insert(b.begin(), b.end());
    return a;
  }
  std::uint64_t value(const Accumulator& seen) const { return seen.size(); }
};

}  // namespace internal
}  // namespace wallaroo
