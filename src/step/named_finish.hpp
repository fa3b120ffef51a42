// The end of a chain whose own end may fail.
#pragma once

#include "step/failures/failure.hpp"
#include "step/segment.hpp"

namespace wallaroo::internal {

/// A terminal whose `finish` calls a function of the user's: what that throws stops the application
/// in the name of its stage. There is no record, so no other policy applies.
template <class Terminal>
class NamedFinish : public Terminal {
 public:
  template <class Cursor>
  NamedFinish(const typename Terminal::Spec& spec, const SegmentContext& context, Cursor& next)
      : Terminal(spec, context, next), stage_(context.stages.at(spec.stage)) {}

  void finish() {
    try {
      Terminal::finish();
    } catch (...) {
      stage_->metrics.errors.add();
      throw_failed_finish(*stage_->info);
    }
  }

 private:
  StageRuntime* stage_;
};

}  // namespace wallaroo::internal
