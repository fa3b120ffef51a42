#include "checkpoint/files/claimed_numbers.hpp"

#include <utility>
#include <variant>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "checkpoint/store/store_layout.hpp"

namespace wallaroo::internal {

namespace {

constexpr std::string_view folder = "manifests";
constexpr std::string_view void_magic = "WALLVOID";
constexpr int most_failures = 5;  // in a row, of one operation

}  // namespace

std::string manifest_name(std::uint64_t n) { return fmt::format("{}/{:012}.manifest", folder, n); }

std::vector<StoredNumber> list_numbers(CheckpointFiles& files) {
  std::vector<StoredNumber> numbers;
  for (const FoundFile& file : files.list(std::string(folder))) {
    const std::string_view name = std::string_view(file.name).substr(folder.size() + 1);
    if (const auto n = number_in_name(name, ".manifest")) {
      const std::string begin = files.read(file.name, 0, void_magic.size());
      numbers.push_back({*n, begin == void_magic});
    }
  }
  return numbers;
}

std::optional<std::uint64_t> ClaimedNumbers::claim() {
  carry_out(claim_.begin());
  return claimed() ? std::optional(claim_.next_number() - 1) : std::nullopt;
}

bool ClaimedNumbers::publish(std::uint64_t n, std::string_view manifest) {
  manifest_ = manifest;
  carry_out(claim_.publish(n));
  return claimed();
}

bool ClaimedNumbers::give_up(std::uint64_t n) {
  carry_out(claim_.give_up(n));
  return claimed();
}

void ClaimedNumbers::prune() {
  for (const std::uint64_t n : prunable(list_numbers(files_))) {
    files_.remove(manifest_name(n));
  }
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
  return create(what.n, fmt::format("{}{}", void_magic, identity_));
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
