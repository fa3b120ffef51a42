// Shared by the tests of mailboxes and outlets: batches that are told apart by a number.
#pragma once

#include <memory>

#include "record/record_batch.hpp"

namespace wallaroo::internal {

using Numbers = RecordBatch<int>;

inline BatchPtr numbered(int number) {
  auto batch = std::make_unique<Numbers>();
  batch->emplace(number);
  return batch;
}
inline int number_of(const BatchPtr& batch) { return *static_cast<Numbers&>(*batch).begin(); }

}  // namespace wallaroo::internal
