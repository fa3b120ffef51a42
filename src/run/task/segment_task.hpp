// The task of a segment between queues.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "run/task/inbox.hpp"
#include "run/task/segment_runner.hpp"
#include "run/task/task.hpp"

namespace wallaroo::internal {

/// Takes batches from its inbox and gives them to its segment.
class SegmentTask final : public Task {
 public:
  SegmentTask(Inbox inbox, SegmentRunner runner)
      : inbox_(std::move(inbox)), runner_(std::move(runner)) {}

  /// Loads state, and opens each producer as a partition, for steps that make watermarks.
  void start() override;
  bool step() override;
  void before_sleep() override;
  bool has_work() const override {
    return runner_.keeper().can_step() ||
           (runner_.blocked() ? runner_.can_advance() : inbox_.has_mail() || !runner_.fired());
  }
  bool blocked() const override { return runner_.blocked(); }
  bool unfinished() const override { return runner_.unfinished(); }
  void count_blocked(std::int64_t elapsed_ns) override { runner_.count_blocked(elapsed_ns); }
  bool done() const override { return runner_.ended() && !runner_.blocked(); }
  std::int64_t due_ns() const override {
    return std::min(runner_due_ns(), runner_.keeper().due_ns());
  }
  void on_time(std::int64_t now_ns) override {
    if (runner_due_ns() <= now_ns) {
      runner_.on_time(now_ns);
    }
  }
  void skip_time(std::int64_t gap_ns) override { runner_.skip_time(gap_ns); }
  std::vector<KeptState> states() override { return runner_.states(); }

  void begin_checkpoint(const CheckpointBegin& begin) override;
  void abandon_checkpoint(std::uint64_t number) override;
  void complete_checkpoint(std::uint64_t number) override { runner_.keeper().complete(number); }
  void suspend() override { runner_.suspend(); }

 private:
  std::int64_t runner_due_ns() const {
    return suspended_ || runner_.ended() || runner_.blocked() ? end_of_time : runner_.due_ns();
  }
  bool gives_way() const { return behind() && !runner_.all_taken(); }
  bool fire();
  bool take_batches();
  bool meet_barrier();

  Inbox inbox_;
  SegmentRunner runner_;
  RewriteGroups rewrite_;   ///< for the next barrier
  bool last_ = false;       ///< the next barrier is the last one
  bool suspended_ = false;  ///< the last barrier was met
  int unfinished_ = 0;      ///< steps in a row after which something was still due
};

}  // namespace wallaroo::internal
