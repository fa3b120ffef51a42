// Decides when a member stands for leader, and whether it leads. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/times.hpp"
#include "cluster/transaction.hpp"

namespace wallaroo::internal::cluster {

namespace elect {

/// Send the transaction (answer: `on_written`).
struct Write {
  Transaction transaction;
};
/// Read all keys (answer: `on_view`).
struct Read {};
/// This member leads from now on. No answer.
struct Lead {
  std::int64_t term = 0;
};
/// This member leads no more. No answer.
struct StepDown {};

}  // namespace elect

using ElectionDecision = std::variant<elect::Write, elect::Read, elect::Lead, elect::StepDown>;
using ElectionDecisions = std::vector<ElectionDecision>;

// clang-format off
/// One member's part in the election. There is one key and no queue: who creates `leader` leads, and
/// the revision of that creation is its *term*. Terms rise, because etcd's revisions do. Whether a
/// member leads is decided by what a View shows. That a leader may be a leader no more without
/// knowing it is harmless: every transaction of its is guarded by its term, and the store's rules
/// (`StoreClaim`) do not depend on who leads.
///
/// | state     | on                               | next, and decisions                            |
/// |-----------|----------------------------------|------------------------------------------------|
/// | outside   | joined                           | by the View that is known: following, waiting  |
/// | following | view: nobody leads               | waiting for a random time                      |
/// | waiting   | view: somebody leads             | following                                      |
/// |           | time                             | standing: Write                                |
/// | standing  | written, whatever the outcome    | standing: Read                                 |
/// |           | view: somebody leads             | following                                      |
/// |           | view: nobody leads, and there is | waiting for a random time                      |
/// |           | an outcome                       |                                                |
/// | all but   | view: I lead                     | leading: Lead                                  |
/// | outside   |                                  |                                                |
/// | leading   | view: I do not lead in this term | StepDown; as if joined                         |
/// | all       | lost                             | outside; StepDown if it was leading            |
///
/// * A View that is older than one seen before decides nothing. Any other event is ignored.
// clang-format on
class Election {
 public:
  enum class State : std::uint8_t { outside, following, waiting, standing, leading };

  explicit Election(std::string prefix) : prefix_(std::move(prefix)) {}

  /// `ready_ns`: as in `on_view`.
  ElectionDecisions on_joined(const MemberRecord& self, std::int64_t lease, std::int64_t ready_ns);
  ElectionDecisions on_lost();
  /// `ready_ns`: now, and a random time that makes it unlikely that two members stand at once.
  ElectionDecisions on_view(const View& view, std::int64_t ready_ns);
  ElectionDecisions on_time(std::int64_t now_ns);
  ElectionDecisions on_written(Outcome outcome);

  /// When to call `on_time`; `end_of_time`: never.
  std::int64_t next_wakeup_ns() const { return state_ == State::waiting ? ready_ns_ : end_of_time; }
  State state() const { return state_; }
  /// The term in which this member leads; 0: it does not.
  std::int64_t term() const { return state_ == State::leading ? term_ : 0; }

 private:
  ElectionDecisions look(std::int64_t ready_ns);
  ElectionDecisions step_down();

  std::string prefix_;
  MemberRecord self_;
  std::int64_t lease_ = 0;
  State state_ = State::outside;
  bool has_outcome_ = false;  ///< of the transaction under way
  std::int64_t ready_ns_ = 0;
  std::int64_t term_ = 0;
  std::int64_t seen_revision_ = 0;
  std::optional<LeaderRecord> leader_;  ///< in the newest View
};

}  // namespace wallaroo::internal::cluster
