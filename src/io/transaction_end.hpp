// How a transaction ends that was prepared and is in doubt: pure.
#pragma once

#include <cstdint>

namespace wallaroo::internal {

enum class TransactionEnd : std::uint8_t { commit, abort };

/// Of a transaction that a sink's peer has prepared and not finished, when the sink finds it there.
/// `transaction`: the number of its checkpoint. `complete`: of the last complete checkpoint that
/// the sink took part in, after a start the one gone back to; 0: none.
///
/// A later one belongs to a checkpoint that never completed, or that was deliberately not restored.
/// An earlier one belongs to a complete checkpoint like `complete` itself, and its commit did not
/// arrive: this rests on sinks settling all that is in doubt before they prepare anything more, so
/// that no transaction of a failed checkpoint is left when a later one completes.
constexpr TransactionEnd end_of_transaction(std::uint64_t transaction, std::uint64_t complete) {
  return transaction <= complete ? TransactionEnd::commit : TransactionEnd::abort;
}

}  // namespace wallaroo::internal
