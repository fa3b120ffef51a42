// A terminal whose `finish` may fail.
#pragma once

#include "step/failures/failure.hpp"
#include "step/segment.hpp"

namespace wallaroo::internal {

/// A terminal whose `finish` calls a function of the user. An exception from it stops the
/// application, with an error that names the stage; other policies need a record, and there is
/// none.
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
