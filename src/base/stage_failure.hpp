// The exception with which a stage stops the application.
#pragma once

#include <wallaroo/types/error.hpp>

namespace wallaroo::internal {

/// Thrown when a stage with the policy `stop` has failed, or the state of a stage could not be
/// saved. It leaves a chain whatever the policies of the other stages are. User code has no reason
/// to catch it.
class StageFailure final : public StageError {
 public:
  using StageError::StageError;
};

}  // namespace wallaroo::internal
