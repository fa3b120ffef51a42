// The leader's side of a generation: decides when one begins, starts and has failed. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/times.hpp"
#include "cluster/assignment.hpp"
#include "cluster/transaction.hpp"

namespace wallaroo::internal::cluster {

/// These decisions are what a leader does for a generation. The caller carries them out in their
/// order, and answers each with the event that it names.
namespace lead {

/// Send the transaction (answer: `on_written`).
struct Write {
  Transaction transaction;
};
/// Read all keys (answer: `on_view`).
struct Read {};
/// Claim the store for the generation (`StoreClaim`), and choose a checkpoint (answer: `on_chosen`,
/// `on_fenced`, `on_refused`).
struct Choose {
  std::uint64_t generation = 0;
};
/// Tell the member to restore the checkpoint that was chosen, by the assignment (answer:
/// `on_restored`).
struct Restore {
  MemberId member;
};
/// Everybody has restored, and the job says so: tell all to read their sources, and begin to take
/// checkpoints (answer, in the end: `on_failed`, `on_finished`, `on_job_failed`).
struct Start {
  std::uint64_t generation = 0;
};
/// Take no more checkpoints of the generation, and publish and commit nothing. No answer.
struct Abandon {
  std::uint64_t generation = 0;
  std::string reason;
};
/// The member is dead, or as good as dead: revoke its lease. No answer but the View that follows.
struct Exclude {
  MemberId member;
  std::int64_t lease = 0;
};
/// The job has ended, and everybody can read that in etcd. The last decision of this leader.
struct Ended {};

}  // namespace lead

using LeadDecision = std::variant<lead::Write, lead::Read, lead::Choose, lead::Restore, lead::Start,
                                  lead::Abandon, lead::Exclude, lead::Ended>;
using LeadDecisions = std::vector<LeadDecision>;

struct GenerationConfig {
  std::string prefix;
  std::vector<std::string> singles;
  std::size_t groups = 1024;
  std::size_t expect = 1;  ///< members at the first generation, if they come in time
  std::size_t least = 1;   ///< members without which no generation begins
  std::int64_t gather_ns = 10'000'000'000;   ///< how long the first generation waits for `expect`
  std::int64_t settle_ns = 50'000'000;       ///< losses within this time are one generation
  std::int64_t restore_ns = 10'000'000'000;  ///< without progress, then the slow are excluded
  /// Pauses after generations that failed in a row, without a complete checkpoint between them. The
  /// last one stays.
  std::vector<std::int64_t> pauses_ns = {0, 100'000'000, 500'000'000, 2'000'000'000, 5'000'000'000};
};

// clang-format off
/// The generations of one leader. A *generation* is one set of runs that all restored the same
/// checkpoint. Every failure is answered in one way: by the next generation.
///
/// | state     | on                                | next, and decisions                           |
/// |-----------|-----------------------------------|-----------------------------------------------|
/// | idle      | lead                              | gathering                                     |
/// | gathering | view, time: enough members, and   | proposing: Write job(g + 1, recovering) with  |
/// |           | the pause is over                 | an assignment to them                         |
/// | proposing | view: job is what was written     | choosing: Choose; as `failed` if a member is  |
/// |           |                                   | gone                                          |
/// | choosing  | chosen                            | restoring: Restore to those who have greeted  |
/// |           | fenced                            | as `failed`                                   |
/// |           | refused                           | ending: Write job(ended, error)               |
/// | restoring | greeted                           | Restore                                       |
/// |           | restored, the last                | starting: Write job(running)                  |
/// |           | time without progress             | Exclude those that are missing                |
/// | starting  | view: job is what was written     | running: Start                                |
/// | running   | complete, and somebody has joined | as `failed`, but it is none                   |
/// |           | finished                          | ending: Write job(ended)                      |
/// |           | job failed                        | ending: Abandon, Write job(ended, error)      |
/// | ending    | view: job is what was written     | over: Ended                                   |
/// | choosing  | failed, view: a member is gone,   | gathering: Abandon                            |
/// | to        | fenced, a member greets again     |                                               |
/// | running   | control closed, refused           | the same, and Exclude                         |
/// | all       | step down                         | idle; Abandon from choosing to running        |
///
/// * In `proposing`, `starting` and `ending` every outcome is followed by Read, and a View after it
///   in which the job is still the one before by Write of the same transaction. A View with the job
///   of somebody else (who led after this leader) leads to gathering.
/// * Events name their generation. Those of another one are ignored, as is any event that is not in
///   the table, and a View that is older than one seen before.
/// * Nothing begins while members of a generation that has ended are there: they are about to go.
///   Workers that start later go on where the job has ended, also where it has failed.
/// * A member that joins while a generation runs is taken in after the next complete checkpoint, so
///   that hardly anything is done twice.
// clang-format on
class Generation {
 public:
  enum class State : std::uint8_t {
    idle,
    gathering,
    proposing,
    choosing,
    restoring,
    starting,
    running,
    ending,
    over
  };

  explicit Generation(GenerationConfig config) : config_(std::move(config)) {}

  /// `op`: names this leader's transactions; nobody else uses it.
  LeadDecisions on_lead(std::int64_t term, std::string op, std::int64_t now_ns);
  LeadDecisions on_step_down();
  LeadDecisions on_view(const View& view, std::int64_t now_ns);
  LeadDecisions on_written(Outcome outcome);
  LeadDecisions on_time(std::int64_t now_ns);
  /// The store is claimed, and `restored` (0: none) is the checkpoint to restore.
  LeadDecisions on_chosen(std::uint64_t generation, std::uint64_t first_number,
                          std::uint64_t restored, std::int64_t now_ns);
  /// The store belongs to a newer generation.
  LeadDecisions on_fenced(std::uint64_t generation, std::int64_t now_ns);
  /// No checkpoint can be restored; the message says what to do.
  LeadDecisions on_refused(std::uint64_t generation, std::string message);
  /// A member has opened its control connection.
  LeadDecisions on_greeted(std::uint64_t generation, const MemberId& id, std::int64_t now_ns);
  LeadDecisions on_restored(std::uint64_t generation, const MemberId& id, std::int64_t now_ns);
  /// A member is still restoring. That prolongs the time that all have.
  LeadDecisions on_progress(std::uint64_t generation, std::int64_t now_ns);
  /// A run of a member has failed, or the checkpoints have: somebody rolls back.
  LeadDecisions on_failed(std::uint64_t generation, std::string reason, std::int64_t now_ns);
  /// `refused`: nobody listens at the member's address any more, so its process is gone.
  LeadDecisions on_control_closed(std::uint64_t generation, const MemberId& id, bool refused,
                                  std::int64_t now_ns);
  /// A checkpoint is complete and committed.
  LeadDecisions on_complete(std::uint64_t generation, std::int64_t now_ns);
  /// The last checkpoint is committed.
  LeadDecisions on_finished(std::uint64_t generation);
  /// A user's function failed, or another failure that would come again.
  LeadDecisions on_job_failed(std::uint64_t generation, std::string error);

  /// When to call `on_time`; `end_of_time`: never.
  std::int64_t next_wakeup_ns() const { return wakeup_ns_; }
  State state() const { return state_; }
  /// The job as this leader wrote it last, or is writing it.
  const JobRecord& job() const { return job_; }
  const Assignment& assignment() const { return assignment_.assignment; }

 private:
  enum class Part : std::uint8_t { silent, greeted, restored };

  bool under_way() const { return state_ >= State::choosing && state_ <= State::running; }
  bool is(State state, std::uint64_t generation) const {
    return state_ == state && job_.generation == generation;
  }
  LeadDecisions gather(std::int64_t now_ns);
  LeadDecisions propose();
  LeadDecisions write(JobPhase phase);
  LeadDecisions look_at_write(std::int64_t now_ns);
  LeadDecisions was_written(std::int64_t now_ns);
  LeadDecisions fail(std::string reason, std::int64_t now_ns);
  LeadDecisions end(std::string error);
  const JobMember* missing_member() const;
  bool has_ended() const;
  bool somebody_has_joined() const;

  GenerationConfig config_;
  State state_ = State::idle;
  View view_;  ///< the newest
  std::int64_t term_ = 0;
  std::string op_;
  std::uint64_t writes_ = 0;
  JobRecord job_;
  AssignmentRecord assignment_;
  std::optional<Transaction> transaction_;  ///< under way
  std::int64_t seen_ = 0;                   ///< the revision of the job that it is to replace
  bool has_outcome_ = false;
  std::map<MemberId, Part> parts_;
  std::size_t failures_ = 0;   ///< generations in a row
  std::int64_t begin_ns_ = 0;  ///< while gathering: no generation begins before
  std::int64_t wakeup_ns_ = end_of_time;
};

}  // namespace wallaroo::internal::cluster
