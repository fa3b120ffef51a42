// A worker's side of a generation: decides when its run stops, restores and starts. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/times.hpp"
#include "cluster/view.hpp"

namespace wallaroo::internal::cluster {

/// These decisions are what a worker does for a generation. The caller carries them out in their
/// order, and answers each with the event that it names.
namespace follow {

/// Stop the run at once, close its links and its control connection, and forget what it holds. No
/// answer.
struct StopRun {
  std::uint64_t generation = 0;
};
/// Open a control connection to the leader, and greet (answer: `on_restore`, `on_stale`,
/// `on_control_closed`).
struct Greet {
  std::uint64_t generation = 0;
  MemberId leader;
  std::string address;
};
/// Make a run, open its ends and links, and load the state (answer: `on_loaded`, `on_run_failed`).
struct Load {
  std::uint64_t generation = 0;
};
/// Tell the leader that everything is restored (answer: `on_start`).
struct TellRestored {
  std::uint64_t generation = 0;
};
/// Read the sources. No answer.
struct StartRun {
  std::uint64_t generation = 0;
};
/// Tell the leader that the generation has failed here; open a control connection for it if there
/// is none. No answer but the View with the next generation.
struct TellFailed {
  std::uint64_t generation = 0;
  std::string reason;
  MemberId leader;
  std::string address;
};
/// The leader's process is gone: revoke its lease. No answer but the View that follows.
struct ExcludeLeader {
  MemberId leader;
  std::int64_t lease = 0;
};
/// Read all keys (answer: `on_view`).
struct Read {};
/// The job has ended: the worker leaves. `error` is empty after success. The last decision.
struct End {
  std::string error;
};

}  // namespace follow

using FollowDecision = std::variant<follow::StopRun, follow::Greet, follow::Load,
                                    follow::TellRestored, follow::StartRun, follow::TellFailed,
                                    follow::ExcludeLeader, follow::Read, follow::End>;
using FollowDecisions = std::vector<FollowDecision>;

// clang-format off
/// The part of one worker in the generations of its cluster, the leader's worker among them.
///
/// | state    | on                                 | next, and decisions                           |
/// |----------|------------------------------------|-----------------------------------------------|
/// | all with | view: a newer generation with me   | greeting: StopRun if there is a run, Greet    |
/// | a life   | view: a newer one without me       | waiting: StopRun if there is a run            |
/// |          | view: my generation has ended      | ended: StopRun, End                           |
/// |          | lost                               | outside: StopRun if there is a run            |
/// | outside  | joined                             | waiting, and as if the last View came         |
/// | greeting | restore                            | loading: Load                                 |
/// |          | control closed, or time            | greeting: Greet                               |
/// | loading  | loaded                             | ready: TellRestored                           |
/// |          | run failed                         | failed: StopRun, TellFailed                   |
/// | ready    | start                              | running: StartRun                             |
/// | loading  | control closed                     | failed: StopRun, TellFailed; ExcludeLeader if |
/// | to       |                                    | nobody listens there                          |
/// | running  | run failed (also a lost link)      | failed: StopRun, TellFailed                   |
/// | failed   | time                               | TellFailed                                    |
/// | all      | stale                              | Read                                          |
///
/// * That there is no leader stops nothing: the run goes on, and the next leader begins the next
///   generation. Nor does it matter that etcd cannot be reached.
/// * Events name their generation; those of another one are ignored, as is any event that is not in
///   the table, and a View that is older than one seen before. `ended` is an end.
// clang-format on
class Follower {
 public:
  enum class State : std::uint8_t {
    outside,
    waiting,
    greeting,
    loading,
    ready,
    running,
    failed,
    ended
  };

  /// `retry_ns`: after which an unanswered greeting, and news of a failure, are repeated.
  explicit Follower(std::int64_t retry_ns) : retry_ns_(retry_ns) {}

  FollowDecisions on_joined(const MemberId& id, std::int64_t now_ns);
  FollowDecisions on_lost();
  FollowDecisions on_view(const View& view, std::int64_t now_ns);
  FollowDecisions on_time(std::int64_t now_ns);
  FollowDecisions on_restore(std::uint64_t generation);
  FollowDecisions on_loaded(std::uint64_t generation);
  FollowDecisions on_start(std::uint64_t generation);
  FollowDecisions on_run_failed(std::uint64_t generation, std::string reason, std::int64_t now_ns);
  /// `refused`: nobody listens at the leader's address any more, so its process is gone.
  FollowDecisions on_control_closed(std::uint64_t generation, bool refused, std::int64_t now_ns);
  /// Somebody has a newer generation than this worker has.
  FollowDecisions on_stale(std::uint64_t generation);

  /// When to call `on_time`; `end_of_time`: never.
  std::int64_t next_wakeup_ns() const { return wakeup_ns_; }
  State state() const { return state_; }
  /// The newest generation that this worker has seen.
  std::uint64_t generation() const { return generation_; }

 private:
  bool is(State state, std::uint64_t generation) const {
    return state_ == state && generation_ == generation;
  }
  bool has_run() const { return state_ >= State::loading && state_ <= State::running; }
  const MemberRecord* leader() const;
  FollowDecisions look(std::int64_t now_ns);
  FollowDecisions greet(std::int64_t now_ns);
  FollowDecisions fail(std::string reason, std::int64_t now_ns);
  void tell_failed(FollowDecisions& decisions) const;
  FollowDecisions stop_run(State next);

  std::int64_t retry_ns_;
  State state_ = State::outside;
  MemberId id_;
  View view_;  ///< the newest
  std::uint64_t generation_ = 0;
  MemberId greeted_;    ///< the leader of the control connection
  std::string reason_;  ///< of the failure
  std::int64_t wakeup_ns_ = end_of_time;
};

}  // namespace wallaroo::internal::cluster
