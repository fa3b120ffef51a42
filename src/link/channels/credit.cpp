#include "link/channels/credit.hpp"

#include "base/check.hpp"

namespace wallaroo::internal::link {

bool ReceiveCredit::on_received(std::uint64_t bytes, std::uint64_t backlog) {
  const bool had_credit = bytes == 0 || received_ < credit_.limit;
  received_ += bytes;
  backlog_ = backlog;
  settle();
  return had_credit;
}

void ReceiveCredit::on_consumed(std::uint64_t bytes) {
  check(bytes <= waiting(), "only what was received is consumed");
  credit_.consumed += bytes;
  settle();
}

void ReceiveCredit::settle() {
  const std::uint64_t base = credit_.consumed + own_credit;
  const std::uint64_t promised = credit_.limit > base ? credit_.limit - base : 0;
  pool_->free += borrowed_ - promised;
  borrowed_ = promised;
  std::uint64_t goal = 0;
  if (backlog_ != 0) {
    goal = std::min(std::max(own_credit, 2 * window_), (borrowed_ + pool_->free) / 2);
  }
  if (goal > borrowed_) {
    pool_->free -= goal - borrowed_;
    borrowed_ = goal;
  }
  credit_.limit = std::max(credit_.limit, base + borrowed_);
}

std::optional<Credit> ReceiveCredit::news() {
  const bool all = waiting() == 0 && told_.consumed != credit_.consumed;
  if (!all && credit_.limit < told_.limit + own_credit / 4) {
    return std::nullopt;
  }
  window_ = backlog_ != 0 ? borrowed_ : window_ / 2;
  backlog_ = 0;
  told_ = credit_;
  return told_;
}

}  // namespace wallaroo::internal::link
