// How the last checkpoints went.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "run/checkpoints/checkpoint_observer.hpp"

namespace wallaroo::internal {

/// What a document about checkpoints says besides the checkpoints.
struct CheckpointFacts {
  std::string plan_id = {};
  std::string worker = {};
  bool enabled = false;
  std::string directory = {};
  double interval_seconds = 0;
  double timeout_seconds = 0;
  double last_completed = 0;  ///< Unix time; 0: never
  std::uint64_t completed = 0;
  std::uint64_t failed = 0;
};

/// Keeps 100 checkpoints, over all runs of an engine. All methods may be called from any thread.
class CheckpointJournal final : public CheckpointObserver {
 public:
  static constexpr std::size_t most_kept = 100;

  /// `time` returns Unix time in seconds.
  explicit CheckpointJournal(std::function<double()> time) : time_(std::move(time)) {}

  void began(std::uint64_t number) override;
  void met_barrier(std::uint64_t number) override;
  void entered(std::uint64_t number, std::string_view phase) override;
  void completed(const Manifest& manifest, std::uint64_t bytes) override;
  void failed(std::uint64_t number, std::string_view outcome, const std::string& reason) override;

  /// Why the last one failed; empty when a later one is complete.
  std::string last_failure() const;
  /// The document of /api/v1/checkpoints.
  std::string render(const CheckpointFacts& facts) const;

 private:
  struct Stage {
    std::string name = {};
    std::uint64_t keys = 0;
    std::uint64_t bytes = 0;
  };
  struct Checkpoint {
    std::uint64_t number = 0;
    double began = 0;
    double ended = 0;  ///< 0: it is running
    double aligned = 0;
    std::string outcome = "running";
    std::string reason;
    std::uint64_t bytes = 0;
    std::vector<std::pair<std::string, double>> phases;  ///< with the time at which each began
    std::vector<Stage> stages;
  };

  Checkpoint* running(std::uint64_t number);
  static std::vector<Stage> stages_of(const Manifest& manifest);

  const std::function<double()> time_;
  // Guarded by mutex_.
  mutable std::mutex mutex_;
  std::deque<Checkpoint> checkpoints_;  ///< newest last
  std::uint64_t roll_backs_ = 0;
};

}  // namespace wallaroo::internal
