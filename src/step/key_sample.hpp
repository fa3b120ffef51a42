// What a key_by samples of its keys on one executor.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "metrics/key_shares.hpp"
#include "route/key_group.hpp"

namespace wallaroo::internal {

using KeyGroupShares = GroupShares<key_group_count>;

/// One thread adds, any may read.
struct KeySample {
  KeyGroupShares groups;
  std::unique_ptr<HotKeys> hottest;  ///< null when nobody wants to know the keys themselves

  /// `describe()` returns the key as text.
  template <class Describe>
  void add(std::uint64_t hash, Gauge& hottest_group, Describe&& describe) {
    groups.add(key_group(hash), hottest_group);
    if (hottest != nullptr) {
      hottest->add(hash, std::forward<Describe>(describe));
    }
  }
};

}  // namespace wallaroo::internal
