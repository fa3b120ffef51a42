// Records of plain numbers, the same on every run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "inputs/random.hpp"

namespace wallaroo::bench {

struct Reading {
  std::uint64_t key;
  std::int64_t value;
  std::int64_t time;
};
static_assert(sizeof(Reading) == 24);

inline constexpr std::size_t kBatchRecords = 1024;

// 16 batches are 384 KiB: they stay in a core's second-level cache like the recycled batches of an
// engine do, so that the work on a record is measured and not the bandwidth of memory.
inline constexpr std::size_t kReadingBatches = 16;

// Values are of either sign with equal chance and in no order: a branch on the sign cannot be
// predicted, and half of the records survive a filter on it.
inline std::vector<Reading> make_readings() {
  Random random(24);
  std::vector<Reading> readings(kReadingBatches * kBatchRecords);
  std::int64_t time = 1'700'000'000'000;
  for (Reading& reading : readings) {
    reading.key = random.next();
    reading.value = static_cast<std::int64_t>(random.below(2'000'000)) - 1'000'000;
    reading.time = ++time;
  }
  return readings;
}

struct Keyed {
  std::uint64_t key;
  std::uint64_t value;
};
static_assert(sizeof(Keyed) == 16);

inline constexpr std::uint64_t kKeys = 1'000'000;

// 4 Mi records are 64 MiB, more than any private cache: like fresh input they stream from memory.
inline constexpr std::size_t kKeyedRecords = std::size_t{4} << 20;

inline std::vector<Keyed> make_keyed() {
  Random random(16);
  std::vector<Keyed> records(kKeyedRecords);
  for (Keyed& record : records) {
    record.key = random.below(kKeys);
    record.value = random.next();
  }
  return records;
}

}  // namespace wallaroo::bench
