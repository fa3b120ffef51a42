// The numbers of the checkpoints of a cluster.
#pragma once

#include <cstdint>
#include <string_view>

#include "checkpoint/files/claimed_numbers.hpp"
#include "run/checkpoints/checkpoint_numbers.hpp"

namespace wallaroo::internal {

/// The numbers of a leader of a cluster, which has claimed the files. They are dense: a number that
/// failed is made void before the next one is used.
class LeaderNumbers final : public CheckpointNumbers {
 public:
  explicit LeaderNumbers(ClaimedNumbers& claimed) : claimed_(claimed) {}

  std::uint64_t next() override { return claimed_.next_number(); }
  bool publish(std::uint64_t number, std::string_view manifest) override {
    return claimed_.publish(number, manifest);
  }
  bool give_up(std::uint64_t number, std::string_view reason) override {
    return claimed_.give_up(number, reason);
  }

 private:
  ClaimedNumbers& claimed_;
};

}  // namespace wallaroo::internal
