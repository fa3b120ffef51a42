#include "checkpoint/protocol/alignment.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace wallaroo::internal {

void Alignment::on_request(std::uint64_t n) {
  if (!settled(n) && n != pending_) {
    begin(n);
  }
}

void Alignment::on_barrier(std::size_t input, std::uint64_t n) {
  check(input < inputs_.size(), "a barrier comes from an input of the task");
  check(!inputs_[input].ended, "no barrier follows the end of its input");
  check(!holds(input), "nothing is taken from an input that waits for the others");
  check(n > inputs_[input].last, "the numbers of an input's barriers rise");
  inputs_[input].last = n;
  if (settled(n)) {
    return;
  }
  if (n != pending_) {
    begin(n);
  }
  held_[input] = 1;
  --missing_;
}

void Alignment::on_end(std::size_t input) {
  check(input < inputs_.size(), "an end comes from an input of the task");
  check(!inputs_[input].ended, "an input ends once");
  check(!holds(input), "nothing is taken from an input that waits for the others");
  inputs_[input].ended = true;
  --open_;
  if (pending_ != 0) {
    --missing_;
  }
}

void Alignment::on_abandon(std::uint64_t n) {
  if (settled(n)) {
    return;
  }
  settled_ = n;
  release();
}

void Alignment::take() {
  check(aligned().has_value(), "a checkpoint is taken when all inputs have met its barrier");
  settled_ = pending_;
  release();
}

void Alignment::begin(std::uint64_t n) {
  release();
  pending_ = n;
  missing_ = open_;
}

void Alignment::release() {
  pending_ = 0;
  missing_ = 0;
  std::fill(held_.begin(), held_.end(), char{0});
}

}  // namespace wallaroo::internal
