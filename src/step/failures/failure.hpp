// What happens when a user's function or a decoder fails on a record.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <wallaroo/types/decoded.hpp>

#include "base/log.hpp"
#include "base/stage_failure.hpp"
#include "route/record_writer.hpp"
#include "step/stage.hpp"

namespace wallaroo::internal {

/// The record on which a stage failed.
struct FailedRecord {
  std::string record;       ///< as text; of a decoder: the frame's bytes
  bool raw = false;         ///< true for a frame's bytes, which messages must escape
  std::string origin = {};  ///< peer or file and the record's number, where known
};

/// For the exception being handled, which `finish()` of the stage's callback has thrown.
[[noreturn]] void throw_failed_finish(const StageInfo& stage);
/// For the exception being handled, which the stage's aggregation has thrown while `doing`.
[[noreturn]] void throw_failed_aggregation(const StageInfo& stage, std::string_view doing);
/// Throws what a record is refused with whose key, as text, is not equal to itself.
[[noreturn]] void throw_key_refusal(std::string_view key);

/// Applies the stages' policies, for all stages of a segment on one executor.
class FailureHandler {
 public:
  /// `dead_letters` is null when no stage of the segment uses that policy.
  FailureHandler(const Log& log, Outlet* dead_letters);
  ~FailureHandler();

  /// Throws StageFailure when the policy is `stop`; otherwise the caller goes on with the next
  /// record.
  void handle(StageRuntime& stage, std::string_view error, const FailedRecord& failed);
  /// What the exception being handled says.
  static std::string current_error();

  /// A user's function may have swallowed the StageFailure: checked after each batch.
  void rethrow_if_stopped() const;
  void flush();

 private:
  template <class Message>
  void tell(const StageRuntime& stage, const Message& message, std::string_view fate) const;

  const Log* log_;
  std::unique_ptr<RecordWriter<DeadLetter, false>> dead_letters_;
  InputPins no_pins_;
  std::string stop_reason_;
};

}  // namespace wallaroo::internal
