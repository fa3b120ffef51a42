// A step that calls the user's function with the records of a batch at once.
#pragma once

#include <Python.h>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "python/objects/callable.hpp"
#include "python/traits.hpp"
#include "step/dynamic/any_step.hpp"

namespace wallaroo::python {

/// Collects at most `most` records of an input batch in a list, and calls the function with it,
/// which returns a list of outputs. If there is an output for each input, each has the time of its
/// input; otherwise all have that of the last record. The outputs have no key.
class MapBatchStep final : public internal::AnyStep<PyTraits> {
 public:
  MapBatchStep(internal::StageRuntime& stage, Shared function, std::size_t most)
      : stage_(stage), function_(std::move(function)), most_(most) {}

  void accept(internal::ChainContext& context, const internal::KeyTimeOf<PyTraits>& key_time,
              PyRecord&& record) override;
  void end_batch(internal::ChainContext& context) override;
  internal::StageRuntime& stage() override { return stage_; }
  internal::StageState* state() override { return nullptr; }
  void add_calls(internal::Sampler& sampler, bool& behind_firing) override {
    internal::add_sampled_call(sampler, stage_.call, behind_firing);
  }
  std::uint64_t publish(std::uint64_t records) override;

 private:
  PyRecord outputs_of(internal::ChainContext& context);
  void fail(internal::ChainContext& context);

  internal::StageRuntime& stage_;
  Shared function_;
  std::size_t most_;
  std::vector<PyRecord> waiting_;
  std::vector<std::int64_t> times_ns_;
  std::uint64_t tally_ = 0;
};

}  // namespace wallaroo::python
