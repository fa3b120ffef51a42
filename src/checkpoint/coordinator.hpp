// Which step of which checkpoint is next: pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/times.hpp"
#include "checkpoint/decision.hpp"

namespace wallaroo::internal {

struct CoordinatorConfig {
  std::size_t tasks = 1;  ///< that save something or pass the barrier on: all of them
  std::size_t sinks = 0;  ///< that take part in the two-phase commit
  /// For messages, as in "stage 'count'" and "127.0.0.1:7200 of sink 'totals'"; may be left out.
  std::vector<std::string> task_names = {};
  std::vector<std::string> sink_names = {};
  std::int64_t interval_ns = 0;
  std::int64_t timeout_ns = 0;      ///< for saving; again for preparing and publishing
  std::uint64_t max_failures = 0;   ///< in a row, until the application stops; 0: it never does
  std::uint64_t last_attempts = 3;  ///< of the last checkpoint, when stopping or when all has ended
  /// From the failure of the first of these to the second; to the next ten times that, and so on:
  /// what fails may pass, as when a full disk is cleared or a receiver comes back.
  std::int64_t last_delay_ns = 100'000'000;
  /// A step that takes so long is told, and again whenever it has taken twice as long.
  std::int64_t first_notice_ns = 10'000'000'000;
  std::uint64_t first_number = 1;   ///< above all that were ever used: CheckpointStore::next_number
  std::uint64_t failures = 0;       ///< in a row, of the coordinator before a roll back
  std::uint64_t last_failures = 0;  ///< likewise, of the last checkpoint
  std::int64_t now_ns = 0;          ///< the first checkpoint begins an interval later,
  bool restored = false;            ///< or half of one: what is read again has waited long enough
};

/// The checkpoints of one worker: completion and two-phase commit. One checkpoint at a time; the
/// next begins at the interval after the beginning of the one before, but not before that is done.
/// It is told what happened and returns what to do; nothing happens without that.
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
///   complete: there is no timeout, and after a roll back the recovery commits n. Only when all
///   sources have ended and nobody has told the application to stop, a receiver that takes no
///   commit for that long makes it fail: otherwise a batch job would wait without end.
/// * Failures in a row are counted, until a checkpoint is complete; at `max_failures` an Abandon is
///   followed by Fail, and a RollBack is a Fail instead.
/// * After `on_stop` or `on_all_ended` the next checkpoint is the last. It begins at once; when it
///   fails, again after `last_delay_ns`, and so on. Failed `last_attempts` times, it becomes Fail.
///   A timeout that rolls back is one of these failures, which are counted across roll backs, as
///   doing all the work again makes no receiver faster; a sink that asks for a roll back is not.
///   After `on_stop` a RollBack is a Fail: the application was told to end, and its next start goes
///   back.
/// * A step that takes long is told: Waiting, in every phase between `idle` and the ends.
/// * Whatever else comes is ignored and counted: answers that come twice, too late, of another
///   number or too early. `finished`, `rolling back` and `failed` are ends: nothing leaves them.
/// * A number that never began, a task or a sink that does not exist, is a broken invariant
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

  /// To be called when `next_wakeup_ns` has come; harmless at other times. All checkpoints begin
  /// here, in `on_stop` or `on_all_ended`.
  Decisions on_time(std::int64_t now_ns);
  Decisions on_task_saved(std::size_t task, std::uint64_t n);
  Decisions on_durable(std::uint64_t n, std::int64_t now_ns);
  /// State could not be written, or the data file not be made durable.
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

  /// When `on_time` is wanted; `end_of_time`: never. May be in the past. Changes with every event.
  std::int64_t next_wakeup_ns() const;

  Phase phase() const { return phase_; }
  /// Of the checkpoint that runs, or else of the last one that did; 0: none did.
  std::uint64_t number() const { return number_; }
  /// The number that the next checkpoint will have.
  std::uint64_t next_number() const { return next_number_; }
  std::uint64_t failures_in_row() const { return failures_; }
  /// Of the last checkpoint.
  std::uint64_t last_failures() const { return last_failures_; }
  /// Messages that did not fit.
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
  bool last_ = false;  ///< the running checkpoint is the last
  Answers answers_;    ///< of tasks, then of sinks
  std::vector<std::string> votes_;
};

}  // namespace wallaroo::internal
