// Steps and ends of chains that are made at run time take records through this interface.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "record/key.hpp"
#include "step/chain_context.hpp"

namespace wallaroo::internal {

// Chains that are made at run time have one type of record and one type of key, which a class
// `Traits` names:
//   Record   movable and copyable; copies share what they hold
//   Key      the type of the keys; a default-constructed one stands for "no key"
//   Scope    a guard that exists while the chain runs functions, such as a lock of an interpreter
//   side_of(record) -> 0 or 1, with_side(record, side) -> Record    which side of a join a record
//            belongs to; kept with the record
//   late(record) -> Record     marks a record that came too late for windows or a join
//   of(CarriedLetter) -> Record   turns a dead letter into a record

/// Accompanies a record. Every record has a time: without event time it is the time at which the
/// source read it.
template <class Traits>
using KeyTimeOf = At<KeyRef<const typename Traits::Key&>>;

/// The slot of a record on an edge between two chains.
template <class Traits>
using DynamicSlot = Timed<Carried<typename Traits::Key, typename Traits::Record>>;

/// A step of a chain, or its end.
template <class Traits>
class Receiver {
 public:
  Receiver() = default;
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;
  virtual ~Receiver() = default;
  /// Tells the hashes of the keys of the next records, at most `most_told` of them, so that what is
  /// kept for them can be fetched into the cache.
  virtual void fetch(const std::uint64_t* /*hashes*/, std::size_t /*count*/) {}
  static constexpr std::size_t most_told = 32;
  /// Takes several records that have the same key and time. The default is to take one after the
  /// other.
  virtual void accept_all(ChainContext& context, const KeyTimeOf<Traits>& key_time,
                          typename Traits::Record* records, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
      accept(context, key_time, std::move(records[i]));
    }
  }
  /// Takes a record, which the caller has moved out of its batch.
  virtual void accept(ChainContext& context, const KeyTimeOf<Traits>& key_time,
                      typename Traits::Record&& record) = 0;
};

}  // namespace wallaroo::internal
