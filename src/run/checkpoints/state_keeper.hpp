// Saves and restores the state of the stages of one segment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/times.hpp"
#include "checkpoint/store/manifest_totals.hpp"
#include "run/checkpoints/checkpoint_port.hpp"
#include "step/segment.hpp"

namespace wallaroo::internal {

/// Key groups that are to be saved although they have not changed; null for none.
using RewriteGroups = std::shared_ptr<const std::vector<PartGroup>>;

/// A checkpoint that is restored, and the places of this application's stages in it.
struct Restored {
  Manifest manifest;
  struct Stage {
    std::optional<std::uint32_t> stage;  ///< its index in the manifest; none: new, starts empty
    std::vector<std::optional<std::uint16_t>> parts;  ///< the same for each of its parts
  };
  std::vector<Stage> stages;  ///< by the index among the application's stages that keep something
  /// Returns the raw bytes of a block. Throws IoError or StoredError. From any thread.
  std::function<std::string(std::size_t block)> read_block;
};

/// The text of an error about state that cannot be restored.
std::string state_not_restored(const StageInfo& stage, std::uint64_t checkpoint,
                               std::string_view why);

/// The states of one segment on one executor. Saves them in slices between batches, all as of
/// `begin`, whatever happens to the states in between. Only on the executor's thread.
///
/// Slices take a third of the time at most. An executor that saved without a pause would not sleep,
/// and then the scheduler lets it wait for its core, with all its records, as long as it lets the
/// thread wait that compresses what was saved.
class StateKeeper final : private SectionSink {
 public:
  /// Which executor's states it keeps, and where it hands them.
  struct Context {
    CheckpointSlot slot;
    int executor = 0;
    int executors = 1;
    const Clock* clock = nullptr;
    std::int64_t wall_offset_ns = 0;
    KeyGroups owned;                              ///< the groups that this executor has
    AssignmentPtr assignment = assign_evenly(1);  ///< of all executors
  };

  /// Has no states until `attach`.
  StateKeeper() = default;
  StateKeeper(const StateKeeper&) = delete;
  StateKeeper& operator=(const StateKeeper&) = delete;

  /// `stages` are, for each state, its index among the stages that keep something.
  void attach(std::vector<KeptState> states, std::vector<std::uint32_t> stages,
              const Context& context);

  /// `restored` must live until `load`.
  void load_at_start(const Restored& restored) { restored_ = &restored; }
  /// Call before the first record. Throws ConfigError when the state does not fit the stage, and
  /// StageError when it cannot be loaded; both name the stage.
  void load();

  /// The states are now those of checkpoint `number`, which begins. Throws StageFailure.
  void begin(std::uint64_t number, const RewriteGroups& rewrite);
  /// Saves a slice; false when there is nothing to do now.
  bool step();
  /// `step` has something to do.
  bool can_step() const { return due_ns() <= now_ns(); }
  /// The engine time at which `step` has something to do; `end_of_time` while it has nothing, or no
  /// room for it.
  std::int64_t due_ns() const {
    return number_ != 0 && context_.slot.port->has_room() ? next_slice_ns_ : end_of_time;
  }
  bool saving() const { return number_ != 0; }
  /// The checkpoint is complete: what was saved for it need not be saved again.
  void complete(std::uint64_t number) { completed_ = number; }
  /// The checkpoint has failed: what was saved for it, if it was begun, counts as changed again.
  void abandon(std::uint64_t number);

 private:
  std::int64_t now_ns() const { return number_ == 0 ? no_time : context_.clock->now_ns(); }
  /// Returns true when all is saved.
  bool save_slice(std::int64_t began_ns);
  /// Saves up to `budget` entries, which it counts down. Returns true when all is saved.
  bool save_entries(std::size_t& budget);
  /// The same for those of the present state. Returns true when more of them are left.
  bool save_parts(std::size_t& budget);
  void section(std::size_t group, std::string_view bytes, std::uint32_t entries) override;
  void send_block();
  KeyGroups wanted_groups(std::size_t saved_groups) const;
  void load_parts();
  bool has_the_same_groups(const Manifest& before) const;
  void load_instances(std::size_t state);
  KeyGroups also(std::size_t state, std::size_t part, const RewriteGroups& rewrite) const;
  /// Calls `work`, and makes a StoredError a ConfigError that names the stage: the checkpoint is
  /// refused.
  template <class Work>
  void fitting(const KeptState& kept, Work&& work) const;
  /// Calls `work`, and makes any exception, such as one of a user's function, a StageError that
  /// names the stage.
  template <class Work>
  void loading(const KeptState& kept, Work&& work) const;
  /// Calls `work`, and makes any exception a StageFailure that names the stage.
  template <class Work>
  auto saving(const KeptState& kept, Work&& work) const;

  std::vector<KeptState> states_;
  std::vector<std::uint32_t> stages_;  ///< see `attach`
  Context context_;
  const Restored* restored_ = nullptr;
  std::int64_t next_slice_ns_ = no_time;
  std::uint64_t number_ = 0;             ///< the checkpoint that is being saved; 0: none
  std::uint64_t begun_ = 0;              ///< the last one that was begun
  std::uint64_t completed_ = 0;          ///< the last one that was complete
  std::size_t state_ = 0;                ///< the state that is being saved
  std::size_t part_ = 0;                 ///< and its part
  StateBlock block_;                     ///< not handed over yet
  std::vector<StateBlock> full_blocks_;  ///< the same, until the scope of the state is left
};

}  // namespace wallaroo::internal
