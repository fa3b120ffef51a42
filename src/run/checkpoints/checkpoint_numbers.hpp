// Who gives checkpoints their numbers, and publishes them.
#pragma once

#include <cstdint>
#include <string_view>

#include "checkpoint/store/store.hpp"

namespace wallaroo::internal {

/// The numbers of the checkpoints of one leader. Functions throw IoError.
class CheckpointNumbers {
 public:
  virtual ~CheckpointNumbers() = default;

  /// The number of the next checkpoint.
  virtual std::uint64_t next() = 0;
  /// Publishes a checkpoint. Returns false if a newer generation has taken over: then nothing may
  /// be committed. If it throws, the checkpoint may be published or not.
  virtual bool publish(std::uint64_t number, std::string_view manifest) = 0;
  /// The checkpoint of this number has failed, and never will be published. False: as `publish`.
  virtual bool give_up(std::uint64_t number, std::string_view reason) = 0;
};

/// The numbers of a single process. Those that failed are left out.
class SingleNumbers final : public CheckpointNumbers {
 public:
  explicit SingleNumbers(CheckpointStore& store) : store_(store) {}

  std::uint64_t next() override { return store_.next_number(); }
  bool publish(std::uint64_t number, std::string_view manifest) override {
    publish_manifest(*store_.files(), number, manifest);
    return true;
  }
  bool give_up(std::uint64_t, std::string_view) override { return true; }

 private:
  CheckpointStore& store_;
};

}  // namespace wallaroo::internal
