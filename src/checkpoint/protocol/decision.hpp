// The decisions of the coordinator of checkpoints.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

/// Decisions, listed in the order of a checkpoint that goes well. The caller carries them out in
/// the order in which they are returned, and answers with the event that each names.
namespace wallaroo::internal::decide {

/// Ask all tasks for checkpoint n (answer: `on_task_saved` of each). `last`: the application is
/// stopping, so sources give nothing after the barrier.
struct Begin {
  std::uint64_t n = 0;
  bool last = false;
};
/// All state was handed over: fsync the data file (answer: `on_durable`, `on_write_failed`).
struct MakeDurable {
  std::uint64_t n = 0;
};
/// Ask all sinks to prepare (answer: `on_prepared` of each, or `on_roll_back`).
struct Prepare {
  std::uint64_t n = 0;
};
/// Write and publish the manifest (answer: `on_published`, `on_publish_failed`).
struct Publish {
  std::uint64_t n = 0;
  std::vector<std::string> votes;  ///< one of each sink
};
/// n is complete: tell all sinks to commit (answer: `on_committed` of each, or `on_roll_back`).
struct Commit {
  std::uint64_t n = 0;
};
/// n is complete and committed: sources acknowledge upstream, tasks need not save again what they
/// saved for n, and old checkpoints may be deleted. No answer.
struct Acknowledge {
  std::uint64_t n = 0;
};
/// Tell people what n has been waiting for. No answer.
struct Waiting {
  std::uint64_t n = 0;
  std::string text;
};
/// n failed before any sink was asked to prepare: tasks forget it, the state that was saved for it
/// counts as changed, and the sinks' transactions go on. No answer.
struct Abandon {
  std::uint64_t n = 0;
  std::string reason;
};
/// Stop everything, and start again from the last complete checkpoint. A publication that is under
/// way must have succeeded or failed before that checkpoint is chosen. The last decision.
struct RollBack {
  std::string reason;
};
/// Stop everything, and tell the operator. The last decision.
struct Fail {
  std::string reason;
};
/// The last checkpoint is committed; nothing is left to do. The last decision.
struct Finished {};

}  // namespace wallaroo::internal::decide

namespace wallaroo::internal {

using Decision = std::variant<decide::Begin, decide::MakeDurable, decide::Prepare, decide::Publish,
                              decide::Commit, decide::Acknowledge, decide::Waiting, decide::Abandon,
                              decide::RollBack, decide::Fail, decide::Finished>;
using Decisions = std::vector<Decision>;

}  // namespace wallaroo::internal
