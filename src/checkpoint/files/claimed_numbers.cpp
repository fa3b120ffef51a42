#include "checkpoint/files/claimed_numbers.hpp"

#include <utility>
#include <variant>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "checkpoint/files/void_file.hpp"
#include "checkpoint/store/store_layout.hpp"

namespace wallaroo::internal {

namespace {

constexpr int most_failures = 5;  // in a row, of one operation

}  // namespace

std::vector<StoredNumber> list_numbers(CheckpointFiles& files) {
  std::vector<StoredNumber> numbers;
  for (const FoundFile& file : files.list(manifest_folder)) {
    if (const auto n = number_of_manifest(file.name)) {
      const std::string begin = files.read(file.name, 0, void_magic.size());
      numbers.push_back({*n, begin == void_magic});
    }
  }
  return numbers;
}

std::optional<std::uint64_t> ClaimedNumbers::claim() {
  void_reason_ = "a generation began";
  carry_out(claim_.begin());
  return claimed() ? std::optional(claim_.next_number() - 1) : std::nullopt;
}

bool ClaimedNumbers::publish(std::uint64_t n, std::string_view manifest) {
  manifest_ = manifest;
  carry_out(claim_.publish(n));
  return claimed();
}

bool ClaimedNumbers::give_up(std::uint64_t n, std::string_view reason) {
  void_reason_ = reason;
  carry_out(claim_.give_up(n));
  return claimed();
}

void ClaimedNumbers::prune() {
  std::vector<std::string> names;
  for (const std::uint64_t n : prunable(list_numbers(files_))) {
    names.push_back(manifest_name(n));
  }
  files_.remove(names);
}

void ClaimedNumbers::carry_out(ClaimDecisions decisions) {
  while (!decisions.empty()) {
    ClaimDecisions next;
    for (const ClaimDecision& decision : decisions) {
      next = std::visit([this](const auto& what) { return carry_out_one(what); }, decision);
    }
    decisions = std::move(next);
  }
}

ClaimDecisions ClaimedNumbers::carry_out_one(const claim::List&) {
  for (;;) {
    try {
      const std::vector<StoredNumber> all = list_numbers(files_);
      files_.settle(manifest_folder);
      failures_ = 0;
      return claim_.on_listed(all);
    } catch (const IoError&) {
      // Among others: a file that was listed was pruned before it could be read.
      if (++failures_ == most_failures) {
        throw;
      }
    }
  }
}

ClaimDecisions ClaimedNumbers::carry_out_one(const claim::CreateVoid& what) {
  return create(what.n, void_bytes(void_reason_, identity_));
}

ClaimDecisions ClaimedNumbers::carry_out_one(const claim::CreateManifest& what) {
  return create(what.n, manifest_);
}

ClaimDecisions ClaimedNumbers::create(std::uint64_t n, std::string_view bytes) {
  const std::string name = manifest_name(n);
  Created outcome = Created::created;
  try {
    if (!files_.create(name, bytes)) {
      const bool ours = files_.read(name, 0, bytes.size() + 1) == bytes;
      outcome = ours ? Created::created : Created::taken;
    }
    failures_ = 0;
  } catch (const IoError&) {
    if (++failures_ == most_failures) {
      throw;
    }
    outcome = Created::unknown;
  }
  return claim_.on_created(n, outcome);
}

}  // namespace wallaroo::internal
