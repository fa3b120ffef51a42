// Applies the policies for records on which a user's function or a decoder has failed.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "base/stage_failure.hpp"
#include "route/record_writer.hpp"
#include "step/failures/failed_record.hpp"
#include "step/stage.hpp"

namespace wallaroo::internal {

/// Throws StageFailure for the present exception, which `finish()` of the stage's callback threw.
/// Call inside a catch block.
[[noreturn]] void throw_failed_finish(const StageInfo& stage);
/// Throws StageFailure for the present exception, which the stage's aggregation threw; `doing` is
/// such as "while windows fired". Call inside a catch block.
[[noreturn]] void throw_failed_aggregation(const StageInfo& stage, std::string_view doing);
/// Throws the refusal of a record whose key is not equal to itself. `key` is the key as text.
[[noreturn]] void throw_key_refusal(std::string_view key);

/// Applies the error policies of all stages of a segment on one executor.
class FailureHandler {
 public:
  /// `dead_letters` is null when no stage of the segment uses that policy.
  FailureHandler(const Log& log, Outlet* dead_letters);
  ~FailureHandler();

  /// Handles one failed record. Throws StageFailure when the policy of the stage is `stop`, and
  /// throws the present exception again when it is a StageFailure; otherwise the caller goes on
  /// with the next record.
  void handle(StageRuntime& stage, std::string_view error, const FailedRecord& failed);
  /// The message of the present exception. Call inside a catch block.
  static std::string current_error();

  /// Throws the StageFailure again if a user's function has swallowed it. Call after each batch.
  void rethrow_if_stopped() const;
  void flush();

 private:
  /// Failures in a row with the same text, which are told together.
  struct Untold {
    const StageInfo* stage = nullptr;
    std::string error = {};
    FailedRecord first = {};
    std::uint64_t count = 0;
  };

  void collect(const StageInfo& stage, std::string_view error, const FailedRecord& failed);
  void tell_collected();
  template <class Message>
  void tell(const StageRuntime& stage, const Message& message, std::string_view fate) const;

  const Log* log_;
  std::unique_ptr<RecordWriter<CarriedLetter, false>> dead_letters_;
  InputPins no_pins_;
  std::string stop_reason_;
  Untold untold_;
};

}  // namespace wallaroo::internal
