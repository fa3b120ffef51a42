// Carries out what a StoreClaim decides, on the files of checkpoints.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/files/checkpoint_files.hpp"
#include "checkpoint/protocol/store_claim.hpp"

namespace wallaroo::internal {

/// The numbers of one leader's checkpoints in a place that other leaders may write to. Every
/// function blocks until the files say how it ended; a listing or creation that fails is tried
/// again a few times, and then IoError is thrown: the generation is over. To be used by one thread.
class ClaimedNumbers {
 public:
  /// `identity` goes into the files that make numbers void: nobody else may have the same one. It
  /// is shown to people.
  ClaimedNumbers(CheckpointFiles& files, std::string identity)
      : files_(files), identity_(std::move(identity)) {}

  /// Makes a number void. Returns it: a checkpoint below it is to be restored. Nothing: a newer
  /// generation has the files.
  std::optional<std::uint64_t> claim();
  /// Creates the manifest of the next number. Its bytes must contain something that no other
  /// leader's do. Returns false if a newer generation has the files: then nothing may be committed.
  bool publish(std::uint64_t n, std::string_view manifest);
  /// Makes the next number void, because its checkpoint has failed. False: as `publish`.
  bool give_up(std::uint64_t n, std::string_view reason);
  /// Removes what is below the second newest manifest.
  void prune();

  std::uint64_t next_number() const { return claim_.next_number(); }

 private:
  void carry_out(ClaimDecisions decisions);
  ClaimDecisions carry_out_one(const claim::List&);
  ClaimDecisions carry_out_one(const claim::CreateVoid& what);
  ClaimDecisions carry_out_one(const claim::CreateManifest& what);
  ClaimDecisions carry_out_one(const claim::Claimed&) { return {}; }
  ClaimDecisions carry_out_one(const claim::Published&) { return {}; }
  ClaimDecisions carry_out_one(const claim::GivenUp&) { return {}; }
  ClaimDecisions carry_out_one(const claim::Fenced&) { return {}; }
  ClaimDecisions create(std::uint64_t n, std::string_view bytes);
  bool claimed() const { return claim_.phase() == StoreClaim::Phase::claimed; }

  CheckpointFiles& files_;
  std::string identity_;
  StoreClaim claim_;
  std::string_view manifest_;  ///< while it is published
  std::string void_reason_;
  int failures_ = 0;  ///< in a row
};

/// The numbers that are taken.
std::vector<StoredNumber> list_numbers(CheckpointFiles& files);

}  // namespace wallaroo::internal
