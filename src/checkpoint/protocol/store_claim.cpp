#include "checkpoint/protocol/store_claim.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace wallaroo::internal {

namespace {

std::uint64_t highest(const std::vector<StoredNumber>& all) {
  std::uint64_t found = 0;
  for (const StoredNumber& number : all) {
    found = std::max(found, number.n);
  }
  return found;
}

}  // namespace

ClaimDecisions StoreClaim::begin() {
  check(phase_ == Phase::unclaimed, "a store is claimed once by a generation");
  phase_ = Phase::looking;
  return {claim::List{}};
}

ClaimDecisions StoreClaim::on_listed(const std::vector<StoredNumber>& all) {
  switch (phase_) {
    case Phase::looking:
      phase_ = Phase::voiding;
      number_ = highest(all) + 1;
      return create();
    case Phase::checking:
      if (highest(all) > number_) {
        return fenced();
      }
      phase_ = Phase::claimed;
      next_ = number_ + 1;
      return {claim::Claimed{number_}};
    case Phase::confirming:
      if (highest(all) > number_) {
        return fenced();
      }
      phase_ = Phase::claimed;
      next_ = number_ + 1;
      return {claim::Published{number_}};
    default:
      return {};
  }
}

ClaimDecisions StoreClaim::on_created(std::uint64_t n, Created outcome) {
  const bool awaited =
      phase_ == Phase::voiding || phase_ == Phase::publishing || phase_ == Phase::giving_up;
  if (!awaited || n != number_) {
    return {};
  }
  if (outcome == Created::unknown) {
    return create();
  }
  if (outcome == Created::created) {
    return created();
  }
  if (phase_ != Phase::voiding) {
    return fenced();
  }
  phase_ = Phase::looking;
  return {claim::List{}};
}

ClaimDecisions StoreClaim::publish(std::uint64_t n) {
  check(phase_ == Phase::claimed && n == next_, "the next number is published");
  phase_ = Phase::publishing;
  number_ = n;
  return create();
}

ClaimDecisions StoreClaim::give_up(std::uint64_t n) {
  check(phase_ == Phase::claimed && n == next_, "the next number is given up");
  phase_ = Phase::giving_up;
  number_ = n;
  return create();
}

ClaimDecisions StoreClaim::create() {
  if (phase_ == Phase::publishing) {
    return {claim::CreateManifest{number_}};
  }
  return {claim::CreateVoid{number_}};
}

/// The file under way exists.
ClaimDecisions StoreClaim::created() {
  if (phase_ == Phase::giving_up) {
    phase_ = Phase::claimed;
    next_ = number_ + 1;
    return {claim::GivenUp{number_}};
  }
  phase_ = phase_ == Phase::voiding ? Phase::checking : Phase::confirming;
  return {claim::List{}};
}

ClaimDecisions StoreClaim::fenced() {
  phase_ = Phase::fenced;
  return {claim::Fenced{}};
}

std::vector<std::uint64_t> prunable(std::vector<StoredNumber> all) {
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.n < b.n; });
  std::size_t manifests = 0;
  auto end = all.end();
  while (end != all.begin() && manifests != 2) {
    --end;
    manifests += end->voided ? 0 : 1;
  }
  std::vector<std::uint64_t> numbers;
  for (auto number = all.begin(); manifests == 2 && number != end; ++number) {
    numbers.push_back(number->n);
  }
  return numbers;
}

}  // namespace wallaroo::internal
