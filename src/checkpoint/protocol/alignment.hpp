// Aligns the barriers that reach one task on its inputs. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace wallaroo::internal {

// clang-format off
/// The alignment of barriers at one task with several inputs (Chandy and Lamport's snapshots, as in
/// Carbone et al., "Lightweight Asynchronous Snapshots for Distributed Dataflows"). One per segment
/// and sink writer. It is told what arrives, and tells which inputs must wait and when the task's
/// state is that of a checkpoint.
///
/// Messages about a checkpoint come two ways: barriers and ends in band, in the order of the
/// records of their input; requests and abandonments out of band, early, late or not at all. An
/// input that ended counts as having delivered every barrier.
///
/// States: `none`, `waiting(n)` (some input has neither delivered n nor ended), `aligned(n)`. A
/// number is *settled* when it is not above the last one taken, superseded or abandoned. Numbers of
/// n:
///
/// | message            | none                         | waiting(n)                | aligned(n)     |
/// |--------------------|------------------------------|---------------------------|----------------|
/// | request, settled   | ignored                      | ignored                   | ignored        |
/// | request n          | -                            | ignored                   | ignored        |
/// | request, above     | waiting; aligned when all    | supersedes n: its inputs  | supersedes n   |
/// |                    | inputs have ended            | go on                     |                |
/// | barrier, settled   | swallowed                    | swallowed                 | -              |
/// | barrier n          | -                            | input held; aligned when  | -              |
/// |                    |                              | it was the last           |                |
/// | barrier, above     | waiting, or aligned when no  | supersedes n              | -              |
/// |                    | other input is open          |                           |                |
/// | end                | input ended                  | aligned when it was the   | -              |
/// |                    |                              | last                      |                |
/// | abandon, settled   | ignored                      | ignored                   | ignored        |
/// | abandon n or above | that number is settled       | none; its inputs go on    | as waiting     |
/// | take               | broken                       | broken                    | none; settled  |
///
/// `-` cannot happen, because an input that is held or has ended delivers nothing. Such a message,
/// and a barrier whose number is not above the last one of its input, breaks an invariant
/// (std::logic_error): records would end up in the wrong checkpoint.
// clang-format on
class Alignment {
 public:
  explicit Alignment(std::size_t inputs) : inputs_(inputs), held_(inputs, 0), open_(inputs) {}

  /// Checkpoint n has begun. Needed where all inputs have ended, so that no barrier comes.
  void on_request(std::uint64_t n);
  /// Input `input` delivered barrier n: what follows on it is of a later checkpoint.
  void on_barrier(std::size_t input, std::uint64_t n);
  void on_end(std::size_t input);
  /// Checkpoint n has failed, and with it all before. Its barriers that still come are swallowed.
  void on_abandon(std::uint64_t n);

  /// While true, nothing may be taken from this input.
  bool holds(std::size_t input) const { return held_[input] != 0; }
  /// The checkpoint whose barrier all inputs have met; set until `take`.
  std::optional<std::uint64_t> aligned() const {
    return pending_ != 0 && missing_ == 0 ? std::optional(pending_) : std::nullopt;
  }
  /// The checkpoint whose barrier is awaited or was met by all inputs; 0: none.
  std::uint64_t pending() const { return pending_; }
  /// The task has noted its state and passed the barrier on: the inputs go on.
  void take();
  /// Every input has ended.
  bool ended() const { return open_ == 0; }

 private:
  struct Input {
    std::uint64_t last = 0;  ///< the number of its latest barrier
    bool ended = false;
  };

  bool settled(std::uint64_t n) const { return n <= settled_ || n < pending_; }
  void begin(std::uint64_t n);
  void release();

  std::vector<Input> inputs_;
  std::vector<char> held_;
  std::size_t open_;           ///< inputs that have not ended
  std::size_t missing_ = 0;    ///< open inputs that have not delivered `pending_`
  std::uint64_t pending_ = 0;  ///< 0: none
  std::uint64_t settled_ = 0;  ///< this and all below are over
};

}  // namespace wallaroo::internal
