// How a source's error policy is applied to records that its reader could not make.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "source/source.hpp"
#include "step/failures/failure.hpp"

namespace wallaroo::internal {

/// Takes what one source refuses on one executor. Counts these records like the frames that a
/// decoder refuses.
class SourceRefusals final : public Refusals {
 public:
  /// `dead_letters` may be null unless the policy is `dead_letter`.
  SourceRefusals(StageRuntime& stage, const Log& log, Outlet* dead_letters)
      : stage_(stage), failures_(log, dead_letters) {}

  void refuse(std::string_view error, std::string record) override {
    stage_.metrics.records_in.add();
    if (stage_.source != nullptr) {
      stage_.source->bad_records.add();
    }
    failures_.handle(stage_, error, {std::move(record)});
  }
  void flush() override { failures_.flush(); }

 private:
  StageRuntime& stage_;
  FailureHandler failures_;
};

}  // namespace wallaroo::internal
