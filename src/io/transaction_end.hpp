// Decides how a transaction ends that was prepared and is in doubt. Pure.
#pragma once

#include <cstdint>

namespace wallaroo::internal {

enum class TransactionEnd : std::uint8_t { commit, abort };

/// Decides about a transaction that a sink's peer has prepared and not finished. `transaction` is
/// the number of its checkpoint. `complete` is the number of the last complete checkpoint in which
/// the sink took part, after a start that of the restored checkpoint; 0 if there is none.
///
/// A transaction after `complete` is aborted: its checkpoint never completed, or was deliberately
/// not restored. A transaction up to `complete` is committed: its checkpoint completed, and only
/// the commit did not arrive. The second rule requires that sinks settle all transactions in doubt
/// before they prepare another, so that no transaction of a failed checkpoint is left when a later
/// checkpoint completes.
constexpr TransactionEnd end_of_transaction(std::uint64_t transaction, std::uint64_t complete) {
  return transaction <= complete ? TransactionEnd::commit : TransactionEnd::abort;
}

}  // namespace wallaroo::internal
