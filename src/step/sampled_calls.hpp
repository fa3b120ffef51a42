// Tells a chain's sampler which functions it has.
#pragma once

#include <tuple>

#include "step/chain_context.hpp"
#include "step/sampler.hpp"
#include "step/stage.hpp"

namespace wallaroo::internal {

inline void add_sampled_call(Sampler& sampler, SampledCall& call, bool by_firing) {
  by_firing ? sampler.add_firing(call) : sampler.add(call);
}

/// `behind_firing`: records reach the function only when an earlier step fires.
template <class Step>
void add_calls_of(Sampler& sampler, Step& step, bool& behind_firing) {
  add_sampled_call(sampler, step.stage().call, behind_firing);
  if constexpr (requires { Step::output; }) {
    if (Step::output != OutputOf::none) {
      add_sampled_call(sampler, step.stage().output,
                       behind_firing || Step::output != OutputOf::records);
    }
    behind_firing = behind_firing || Step::output == OutputOf::firing_alone;
  }
}

/// Adds the functions of all steps and of the end.
template <class... Steps, class Terminal>
void add_sampled_calls(Sampler& sampler, std::tuple<Steps...>& steps, Terminal& terminal) {
  bool behind_firing = false;
  std::apply([&](Steps&... step) { (add_calls_of(sampler, step, behind_firing), ...); }, steps);
  terminal.for_each_stage(
      [&](StageRuntime& stage) { add_sampled_call(sampler, stage.call, behind_firing); });
}

}  // namespace wallaroo::internal
