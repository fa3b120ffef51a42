// A pipeline whose state is filled with keys first, and then updated at random.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include <wallaroo/wallaroo.hpp>

#include "inputs/random.hpp"
#include "support/hash.hpp"
#include "support/program.hpp"

namespace wallaroo::bench {

struct Update {
  std::uint64_t key = 0;
  std::uint64_t index = 0;  // among the updates; `kFills` for a record that fills
};
inline constexpr std::uint64_t kFills = ~std::uint64_t{0};

// 16 bytes beside a key of 8.
struct Totals {
  std::uint64_t count = 0;
  std::uint64_t sum = 0;
};
static_assert(sizeof(Totals) == 16);

// The output of a key's state for each update.
struct Updated {
  std::uint64_t index = 0;
  std::uint64_t key = 0;
  std::uint64_t count = 0;
};

struct Filling {
  std::uint64_t keys = 0;
  double updates_per_second = 0;  // 0: as many as the engine takes
  std::uint64_t updates = 0;      // 0: until it is stopped
  unsigned partitions = 1;
};

// `spread_key` of inputs/stamped.hpp.
inline std::uint64_t filled_key(std::uint64_t number) { return hash_number(number + 1); }

// Makes each key once, and updates of random keys in addition. Sets `filled` when the last key has
// been made.
template <class Sink>
void describe_filled(Application& app, const Filling& filling, std::atomic<bool>& filled,
                     Sink&& sink) {
  const int partitions = static_cast<int>(filling.partitions);
  const std::uint64_t keys = filling.keys;
  auto updates = app.source(
      "updates", generator_source({.rate_per_second = filling.updates_per_second,
                                   .count = filling.updates,
                                   .partitions = partitions},
                                  [keys](std::uint64_t index) {
                                    return Update{filled_key(Random(index).below(keys)), index};
                                  }));
  app.source("fill", generator_source({.count = keys, .partitions = partitions},
                                      [keys, &filled](std::uint64_t index) {
                                        if (index + 1 == keys) {
                                          filled = true;
                                        }
                                        return Update{filled_key(index), kFills};
                                      }))
      .merge(updates)
      .key_by("key", &Update::key)
      .to("totals",
          [](const Update& update, Totals& totals) {
            totals.sum += update.key;
            return Updated{update.index, update.key, ++totals.count};
          })
      .to_sink("updated", std::forward<Sink>(sink));
}

}  // namespace wallaroo::bench
