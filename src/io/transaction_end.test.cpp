#include "io/transaction_end.hpp"

#include <gtest/gtest.h>

namespace wallaroo::internal {
namespace {

TEST(TransactionInDoubt, IsCommittedUpToTheLastCompleteCheckpointAndAbortedAfterIt) {
  constexpr auto commit = TransactionEnd::commit;
  constexpr auto abort = TransactionEnd::abort;
  struct Case {
    std::uint64_t transaction;
    std::uint64_t complete;
    TransactionEnd end;
  };
  for (const Case& one :
       {Case{5, 5, commit}, Case{4, 5, commit}, Case{1, 5, commit}, Case{6, 5, abort},
        Case{UINT64_MAX, 5, abort}, Case{1, 0, abort}, Case{UINT64_MAX, UINT64_MAX, commit}}) {
    EXPECT_EQ(end_of_transaction(one.transaction, one.complete), one.end)
        << one.transaction << " after " << one.complete;
  }
}

}  // namespace
}  // namespace wallaroo::internal
