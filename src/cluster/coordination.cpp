#include "cluster/coordination.hpp"

namespace wallaroo::internal::cluster {

Outcome outcome_of(const std::variant<CommitAnswer, NoAnswer>& answer) {
  const auto* read = std::get_if<CommitAnswer>(&answer);
  if (read == nullptr) {
    return Outcome::unknown;
  }
  return read->succeeded ? Outcome::won : Outcome::lost;
}

}  // namespace wallaroo::internal::cluster
