// Records with a key and a time, slightly out of order, the same on every run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "inputs/random.hpp"
#include "support/hash.hpp"
#include "support/program.hpp"

namespace wallaroo::bench {

struct Stamped {
  std::uint64_t key;
  std::int64_t time;  // nanoseconds since the Unix epoch
  std::int64_t value;
};
static_assert(sizeof(Stamped) == 24);

inline constexpr std::int64_t kSecondNs = 1'000'000'000;
inline constexpr std::int64_t kFirstTimeNs = 1'700'000'000 * kSecondNs;
// A million records in a second of event time.
inline constexpr std::int64_t kBetweenNs = 1'000;
// By how much the time of a record may be later than its place in the input suggests.
inline constexpr std::int64_t kDisorderNs = 10'000'000;

// Makes a key of a number in [0, keys), such that a table of keys cannot be a plain array.
inline std::uint64_t spread_key(std::uint64_t number) { return hash_number(number + 1); }

inline Stamped make_stamped(Random& random, std::uint64_t keys, std::uint64_t index) {
  const std::uint64_t key = spread_key(random.below(keys));
  const auto place = kFirstTimeNs + static_cast<std::int64_t>(index) * kBetweenNs;
  const auto later = static_cast<std::int64_t>(random.below(kDisorderNs));
  return {key, place + later, static_cast<std::int64_t>(random.below(1'000))};
}

// Makes this many records, in one contiguous share per thread. All shares span the same time, so
// the threads advance together.
class StampedInput {
 public:
  StampedInput(std::uint64_t records, std::uint64_t keys, unsigned shares)
      : size_(records), records_(std::make_unique_for_overwrite<Stamped[]>(records)) {
    Random random(24);
    for (unsigned share = 0; share < shares; ++share) {
      const Share part = share_of(records, share, shares);
      for (std::uint64_t i = part.begin; i < part.end; ++i) {
        records_[i] = make_stamped(random, keys, (i - part.begin) * shares + share);
      }
    }
  }

  std::span<const Stamped> records() const { return {records_.get(), size_}; }

 private:
  std::size_t size_;
  std::unique_ptr<Stamped[]> records_;
};

// What a window's result adds to the checksum. It depends on the key, the bounds, the value, and
// whether the end of the input cut the window short.
inline std::uint64_t fold_result(std::uint64_t key, std::int64_t start, std::int64_t end,
                                 bool closed, std::uint64_t value) {
  const std::uint64_t bounds = static_cast<std::uint64_t>(start) * 3 +
                               static_cast<std::uint64_t>(end) * 5 + (closed ? 7 : 0);
  return hash_number(hash_number(key ^ bounds) + value);
}

}  // namespace wallaroo::bench
