// Aggregations, and a place for results, that tests of windows share.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <wallaroo/types/window.hpp>
#include "record/key.hpp"
#include "state/timer_queue.hpp"

namespace wallaroo::internal::window_rig {

/// Lists the records in order, so it is not commutative.
struct List {
  std::string initial_accumulator() const { return ""; }
  void update(const int& record, std::string& list) const { list += fmt::format("{} ", record); }
  std::string combine(const std::string& a, const std::string& b) const { return a + b; }
  static std::string text(const std::string& list) { return list; }
  static std::string of(const std::vector<int>& records) {
    return fmt::format("{}{}", fmt::join(records, " "), records.empty() ? "" : " ");
  }
};

struct Sum {
  std::uint64_t initial_accumulator() const { return 0; }
  void update(const int& record, std::uint64_t& sum) const {
    sum += static_cast<std::uint64_t>(record);
  }
  std::uint64_t combine(const std::uint64_t& a, const std::uint64_t& b) const { return a + b; }
  static std::string text(std::uint64_t sum) { return std::to_string(sum); }
  static std::string of(const std::vector<int>& records) {
    std::uint64_t sum = 0;
    for (const int record : records) {
      sum += static_cast<std::uint64_t>(record);
    }
    return text(sum);
  }
};

inline std::string text_of(const Window& window, const std::string& value) {
  constexpr const char* names[] = {"", " early", " late", " closed"};
  return fmt::format("[{},{}){}: {}", window.start, window.end,
                     names[static_cast<int>(window.firing)], value);
}

/// "[start,end) firing: value" and "late @time: record", per key, with the times of the results.
template <class A>
struct Outputs {
  template <class Key, class Accumulator>
  void result(const Key& key, std::uint64_t hash, const Window& window, const Accumulator& value,
              std::int64_t time_ns) {
    hashes_agree = hashes_agree && hash == hash_key(key);
    add(fmt::format("{}", key), text_of(window, A::text(value)));
    times.push_back(time_ns);
  }
  template <class Key>
  void late(std::uint64_t hash, const Key& key, std::int64_t time_ns, const int& record) {
    hashes_agree = hashes_agree && hash == hash_key(key);
    add(fmt::format("{}", key), fmt::format("late @{}: {}", time_ns, record));
  }
  void add(const std::string& key, std::string text) {
    by_key[key].push_back(text);
    all.push_back(std::move(text));
  }

  std::map<std::string, std::vector<std::string>> by_key;
  std::vector<std::string> all;
  std::vector<std::int64_t> times;  ///< of the results
  bool hashes_agree = true;
};

}  // namespace wallaroo::internal::window_rig
