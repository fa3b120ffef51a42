// Who says when a run begins, and with what.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "app/checkpoint_choice.hpp"
#include "base/log.hpp"
#include "checkpoint/store/store.hpp"
#include "run/checkpoints/checkpoint_settings.hpp"

namespace wallaroo::internal {

/// How a run ended after which another one may begin.
struct EndedRun {
  std::string reason;          ///< why it rolled back
  FailedCheckpoints failures;  ///< so far
};

/// What a run begins with.
struct RunOrder {
  std::optional<Manifest> restored;  ///< nothing: it starts anew
};

/// Gives the supervisor of an engine its orders. Functions throw wallaroo::Error, which ends the
/// application.
class RunOrders {
 public:
  virtual ~RunOrders() = default;

  virtual RunOrder first() = 0;
  /// Call when a run has rolled back and is closed. Returns when the next one is to begin.
  virtual RunOrder next(const EndedRun& ended) = 0;
};

/// A single process gives itself orders: each run goes on from the newest checkpoint.
class OwnOrders final : public RunOrders {
 public:
  struct Situation {
    CheckpointStore* store;
    WantedCheckpoint wanted;  ///< for the first run
    const Log* log;
    std::function<bool()> told_to_end;  ///< then nothing is waited for
  };
  explicit OwnOrders(Situation situation) : situation_(std::move(situation)) {}

  RunOrder first() override;
  RunOrder next(const EndedRun& ended) override;

 private:
  RunOrder choose(const WantedCheckpoint& wanted) const;
  void remove_failed_attempts() const;
  void pause_after(const FailedCheckpoints& failures) const;

  Situation situation_;
};

/// Where a run begins, for the log.
std::string beginning_of(const std::optional<Manifest>& restored);

}  // namespace wallaroo::internal
