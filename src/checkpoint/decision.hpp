// What the coordinator of checkpoints wants done.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

/// In the order of a checkpoint that goes well. Whoever carries them out does so in the order in
/// which they are returned, and answers with the event that each names.
namespace wallaroo::internal::decide {

/// Ask all tasks for checkpoint n (answer: `on_task_saved` of each). `last`: the application is
/// stopping, sources give nothing after its barrier.
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
  std::vector<std::string> votes;  ///< of each sink
};
/// n is complete: tell all sinks to commit (answer: `on_committed` of each, or `on_roll_back`).
struct Commit {
  std::uint64_t n = 0;
};
/// n is complete and committed: sources acknowledge upstream, what tasks saved for n is saved, old
/// checkpoints may be deleted. No answer.
struct Acknowledge {
  std::uint64_t n = 0;
};
/// What n has been waiting for, for some time. For people. No answer.
struct Waiting {
  std::uint64_t n = 0;
  std::string text;
};
/// n failed before any sink was asked to prepare: tasks forget it, what was saved for it counts as
/// changed, and the sinks' transactions go on. No answer.
struct Abandon {
  std::uint64_t n = 0;
  std::string reason;
};
/// Stop everything, and start again from the last complete checkpoint. What is being published must
/// have come to its end, well or not, before the choice which one that is. The last decision.
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
                              decide::Commit, decide::Acknowledge, decide::Waiting,
                              decide::Abandon, decide::RollBack, decide::Fail, decide::Finished>;
using Decisions = std::vector<Decision>;

}  // namespace wallaroo::internal
