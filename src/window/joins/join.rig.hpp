// Collects the outputs of a join, for its tests.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "window/joins/join_set.hpp"

namespace wallaroo::internal::join_rig {

/// Outputs by key, in order, as text: "3+8@20" for the pair of left 3 and right 8 at time 20,
/// "3+_@10" for a left record alone, "late 3+_@10" for one of the stream of late records.
struct Outputs {
  using Key = int;
  using Record = int;

  void pair(const Key& key, std::int64_t time_ns, const Record& left, const Record& right) {
    add(key, time_ns, fmt::format("{}+{}@{}", left, right, time_ns), late.contains(arriving));
  }
  void left_alone(const Key& key, std::int64_t time_ns, Record&& record) {
    add(key, time_ns, fmt::format("{}+_@{}", record, time_ns), late.contains(record));
  }
  void right_alone(const Key& key, std::int64_t time_ns, Record&& record) {
    add(key, time_ns, fmt::format("_+{}@{}", record, time_ns), late.contains(record));
  }
  void late_left(const Key& key, std::int64_t time_ns, Record&& record) {
    by_key[key].push_back(fmt::format("late {}+_@{}", record, time_ns));
  }
  void late_right(const Key& key, std::int64_t time_ns, Record&& record) {
    by_key[key].push_back(fmt::format("late _+{}@{}", record, time_ns));
  }

  /// The outputs since the last call, of all keys.
  std::string take() {
    std::string all;
    for (const auto& [key, texts] : by_key) {
      for (const std::string& text : texts) {
        all += (all.empty() ? "" : " ") + text;
      }
    }
    by_key.clear();
    return all;
  }

  std::map<Key, std::vector<std::string>> by_key;
  /// Set by the test: which records are late, and which one comes now.
  std::set<Record> late;
  Record arriving = -1;
  /// The earliest time of an output that does not come from a late record.
  std::int64_t earliest = end_of_time;

 private:
  void add(Key key, std::int64_t time_ns, std::string text, bool of_late) {
    earliest = of_late ? earliest : std::min(earliest, time_ns);
    by_key[key].push_back(std::move(text));
  }
};

}  // namespace wallaroo::internal::join_rig
