// Saves and restores what the stages of one segment keep.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/store/manifest_totals.hpp"
#include "run/checkpoints/checkpoint_port.hpp"
#include "step/segment.hpp"

namespace wallaroo::internal {

/// Groups to be saved although they have not changed; null for none.
using RewritePlaces = std::shared_ptr<const std::vector<StatePlace>>;

/// A checkpoint that is restored, and where this application's stages are in it.
struct Restored {
  Manifest manifest;
  /// By the stage's index among those of the application that keep something: its index in the
  /// manifest, and that of each of its parts; nothing for what is new and starts empty.
  struct Stage {
    std::optional<std::uint32_t> stage;
    std::vector<std::optional<std::uint16_t>> parts;
  };
  std::vector<Stage> stages;
  /// A block's raw bytes; throws IoError or StoredError. From any thread.
  std::function<std::string(std::size_t block)> read_block;
};

/// What an error says about state that cannot be restored.
std::string state_not_restored(const StageInfo& stage, std::uint64_t checkpoint,
                               std::string_view why);

/// The states of one segment on one executor. Saves in slices between batches; what is saved is as
/// of `begin`, whatever happens to the states in between.
class StateKeeper final : private SectionSink {
 public:
  struct Place {
    CheckpointSlot slot;
    int executor = 0;
    int executors = 1;
    std::int64_t wall_offset_ns = 0;
    KeyGroups owned;  ///< those of the groups that this executor has
  };

  /// Without states.
  StateKeeper() = default;
  StateKeeper(const StateKeeper&) = delete;
  StateKeeper& operator=(const StateKeeper&) = delete;

  /// `stages`: of each state, its index among the stages that keep something.
  void attach(std::vector<KeptState> states, std::vector<std::uint32_t> stages, const Place& place);

  /// `restored` must live until `load`.
  void load_at_start(const Restored& restored) { restored_ = &restored; }
  /// Before the first record, on the executor's thread. Throws ConfigError or StageError naming the
  /// stage.
  void load();

  void begin(std::uint64_t number, const RewritePlaces& rewrite);
  /// Saves a slice; false when there is nothing to do, or no room for it.
  bool step();
  /// There is something to save, and room for it.
  bool can_step() const { return number_ != 0 && place_.slot.port->has_room(); }
  bool saving() const { return number_ != 0; }
  /// The checkpoint is complete: what was saved for it is saved.
  void complete(std::uint64_t number) { completed_ = number; }
  /// What was saved for this checkpoint, if it was begun, has still changed.
  void abandon(std::uint64_t number);

 private:
  void section(std::size_t group, std::string_view bytes, std::uint32_t entries) override;
  void send_block();
  void load_parts();
  void load_instances(std::size_t state);
  KeyGroups also(std::size_t state, std::size_t part, const RewritePlaces& rewrite) const;
  /// Throws ConfigError for state that does not fit the stage: the checkpoint is refused.
  template <class Work>
  void fitting(const KeptState& kept, Work&& work) const;
  /// What is thrown, by the user's functions perhaps, becomes a StageError that names the stage.
  template <class Work>
  void loading(const KeptState& kept, Work&& work) const;
  /// The same, as a StageFailure.
  template <class Work>
  auto saving(const KeptState& kept, Work&& work) const;

  std::vector<KeptState> states_;
  std::vector<std::uint32_t> stages_;
  Place place_;
  const Restored* restored_ = nullptr;
  std::uint64_t number_ = 0;  ///< being saved; 0: none
  std::uint64_t begun_ = 0;   ///< the last one
  std::uint64_t completed_ = 0;
  std::size_t state_ = 0;  ///< the state and part that is being saved
  std::size_t part_ = 0;
  StateBlock block_;
};

}  // namespace wallaroo::internal
