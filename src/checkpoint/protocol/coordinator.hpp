// Decides which step of which checkpoint is next. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/times.hpp"
#include "checkpoint/protocol/decision.hpp"

namespace wallaroo::internal {

/// How far a task is that is not one alone but a worker with several; for messages.
struct SavingProgress {
  std::size_t missing = 1;  ///< of `tasks`: those that have not saved
  std::size_t tasks = 1;
  std::vector<std::string> names = {};  ///< of those that are missing, if they have names
};

struct CoordinatorConfig {
  std::size_t tasks = 1;  ///< those that save: the workers of the job
  std::size_t sinks = 0;  ///< sinks that take part in the two-phase commit
  /// Names for messages: "stage 'count'", "127.0.0.1:7200 of sink 'totals'". May be left out.
  std::vector<std::string> task_names = {};
  std::vector<std::string> sink_names = {};
  std::int64_t interval_ns = 0;
  std::int64_t timeout_ns = 0;      ///< for saving; again for preparing and publishing
  std::uint64_t max_failures = 0;   ///< in a row, then the application stops; 0: it never does
  std::uint64_t last_attempts = 3;  ///< at the last checkpoint, after a stop or the end of all
  /// The pause before the second of these attempts; each later pause is ten times as long. The
  /// cause may pass, as when a full disk is cleared or a receiver comes back.
  std::int64_t last_delay_ns = 100'000'000;
  /// A step that takes this long is reported, and again each time its duration has doubled.
  std::int64_t first_notice_ns = 10'000'000'000;
  std::uint64_t first_number = 1;   ///< above all ever used, see CheckpointStore::next_number
  std::uint64_t failures = 0;       ///< in a row, counted by the coordinator before a roll back
  std::uint64_t last_failures = 0;  ///< likewise, failures of a last checkpoint
  std::int64_t now_ns = 0;          ///< the first checkpoint begins an interval after this time,
  bool restored = false;            ///< or half of one: input read again has waited long enough
};

/// Leads the checkpoints of one run to completion by two-phase commit, one at a time. The next
/// begins an interval after the beginning of the one before, but not before that one is done. The
/// coordinator is told what happened and returns what to do; it does nothing itself.
///
/// | phase (of n)     | on                    | next, and decisions                               |
/// |------------------|-----------------------|---------------------------------------------------|
/// | idle             | time is due, stop     | saving: Begin                                     |
/// | saving           | task saved, the last  | making durable: MakeDurable                       |
/// |                  | write failed, timeout | idle: Abandon                                     |
/// | making durable   | durable               | preparing: Prepare; without sinks publishing      |
/// |                  | write failed, timeout | idle: Abandon                                     |
/// | preparing        | prepared, the last    | publishing: Publish                               |
/// |                  | timeout               | rolling back: RollBack                            |
/// | publishing       | published             | committing: Commit; without sinks as committed    |
/// |                  | failed, timeout       | rolling back: RollBack                            |
/// | committing       | committed, the last   | idle: Acknowledge; after the last one finished:   |
/// |                  |                       | Acknowledge, Finished                             |
/// |                  | timeout of a last one | failed: Fail                                      |
/// | all but the ends | roll back             | rolling back: RollBack                            |
///
/// * From `preparing` on the sinks are in doubt, so a failure rolls back. From `committing` on n is
///   complete: there is no timeout, and after a roll back the recovery commits n. One exception:
///   when all sources have ended and nobody has told the application to stop, it fails if a
///   receiver takes no commit within the timeout. Otherwise a batch job would wait without end.
/// * Failures in a row are counted until a checkpoint is complete. At `max_failures` an Abandon is
///   followed by Fail, and a RollBack becomes a Fail.
/// * After `on_stop` or `on_all_ended` the next checkpoint is the last. It begins at once. When it
///   fails, it is tried again after `last_delay_ns`, and so on; `last_attempts` failures are a
///   Fail. A timeout that rolls back is one of these failures. They are counted across roll backs,
///   because doing all the work again makes no receiver faster. A sink that asks for a roll back
///   does not count. After `on_stop` a RollBack becomes a Fail: the application was told to end,
///   and its next start goes back.
/// * A step that takes long is reported by Waiting, in every phase between `idle` and the ends.
/// * Any other message is ignored and counted: an answer that comes twice, too late, too early or
///   for another number. `finished`, `rolling back` and `failed` are ends: nothing leaves them.
/// * A number that never began, or a task or sink that does not exist, breaks an invariant
///   (std::logic_error).
class Coordinator {
 public:
  enum class Phase : std::uint8_t {
    idle,
    saving,
    making_durable,
    preparing,
    publishing,
    committing,
    finished,
    rolling_back,
    failed
  };

  explicit Coordinator(const CoordinatorConfig& config);

  /// Call when `next_wakeup_ns` has come; harmless at other times. Checkpoints begin only here, in
  /// `on_stop` and in `on_all_ended`.
  Decisions on_time(std::int64_t now_ns);
  Decisions on_task_saved(std::size_t task, std::uint64_t n);
  /// While it saves: for messages about what is late.
  void on_progress(std::size_t task, SavingProgress progress) {
    progress_.at(task) = std::move(progress);
  }
  Decisions on_durable(std::uint64_t n, std::int64_t now_ns);
  /// State could not be written, or the data file could not be made durable.
  Decisions on_write_failed(std::uint64_t n, std::string_view reason, std::int64_t now_ns);
  Decisions on_prepared(std::size_t sink, std::uint64_t n, std::string vote);
  Decisions on_published(std::uint64_t n, std::int64_t now_ns);
  Decisions on_publish_failed(std::uint64_t n, std::string_view reason);
  Decisions on_committed(std::size_t sink, std::uint64_t n);
  /// A sink has lost or refuses what it was given since its last commit.
  Decisions on_roll_back(std::string_view reason);
  /// The application was told to stop: one last checkpoint, now or after the running one.
  Decisions on_stop(std::int64_t now_ns);
  /// All sources and tasks have ended: one last checkpoint commits what is left.
  Decisions on_all_ended(std::int64_t now_ns);

  /// When to call `on_time`; `end_of_time`: never. May be in the past. Every event may change it.
  std::int64_t next_wakeup_ns() const;

  Phase phase() const { return phase_; }
  /// The checkpoint that runs, or else the latest one that ran; 0: there was none.
  std::uint64_t number() const { return number_; }
  /// The number that the next checkpoint will have.
  std::uint64_t next_number() const { return next_number_; }
  std::uint64_t failures_in_row() const { return failures_; }
  /// How often the last checkpoint has failed.
  std::uint64_t last_failures() const { return last_failures_; }
  /// How many messages were ignored.
  std::uint64_t ignored() const { return ignored_; }
  /// Nothing more will be decided.
  bool over() const { return phase_ >= Phase::finished; }

 private:
  struct Answers {
    std::vector<char> have;
    std::size_t missing = 0;
    void expect(std::size_t count);
    bool add(std::size_t from);
  };

  /// The next checkpoint is the last.
  bool ending() const { return stopping_ || all_ended_; }
  bool fits(Phase phase, std::uint64_t n);
  Decisions begin(std::int64_t now_ns);
  Decisions begin_last(std::int64_t now_ns);
  Decisions on_timeout(std::int64_t now_ns);
  Decisions on_notice(std::int64_t now_ns);
  void begin_to_wait(std::int64_t now_ns, std::int64_t timeout_ns);
  std::string awaited() const;
  SavingProgress saving_progress() const;
  std::string missing_names() const;
  Decisions roll_back_late(std::string reason);
  Decisions publish();
  Decisions complete();
  Decisions abandon(std::string_view reason, std::int64_t now_ns);
  void delay_last(std::int64_t now_ns);
  Decisions roll_back(std::string_view reason);
  Decisions fail(std::string reason);
  bool too_many_failures() const;

  CoordinatorConfig config_;
  Phase phase_ = Phase::idle;
  std::uint64_t number_ = 0;
  std::uint64_t next_number_;
  std::int64_t next_begin_ns_;
  std::int64_t deadline_ns_ = end_of_time;
  std::int64_t waits_since_ns_ = 0;
  std::int64_t notice_ns_ = end_of_time;
  std::uint64_t failures_;
  std::uint64_t last_failures_;
  std::int64_t last_begin_ns_ = no_time;
  std::int64_t last_delay_ns_;
  std::uint64_t ignored_ = 0;
  bool stopping_ = false;
  bool all_ended_ = false;
  bool last_ = false;                     ///< the running checkpoint is the last
  Answers answers_;                       ///< of tasks, then of sinks
  std::vector<SavingProgress> progress_;  ///< of tasks
  std::vector<std::string> votes_;
};

}  // namespace wallaroo::internal
