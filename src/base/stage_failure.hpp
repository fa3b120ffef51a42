// What stops the application in the name of a stage.
#pragma once

#include <wallaroo/error.hpp>

namespace wallaroo::internal {

/// Leaves a chain whatever the policies of its stages are: one with the policy `stop` failed, or
/// what a stage keeps could not be saved. User code has no reason to catch it.
class StageFailure final : public StageError {
 public:
  using StageError::StageError;
};

}  // namespace wallaroo::internal
