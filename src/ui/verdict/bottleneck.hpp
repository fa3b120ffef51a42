// Finds the stage, sink or key that holds an application back. Pure.
#pragma once

#include <optional>

#include "ui/verdict/verdict.hpp"

namespace wallaroo::internal {

/// The full queue furthest downstream, which those before it wait for; null when none is full.
const QueueLoad* last_full_queue(const VerdictInput& input);
/// What takes its records too slowly, or too unevenly.
std::optional<Verdict> full_queue(const VerdictInput& input);
/// The same, or what takes the time of an executor that is always busy.
std::optional<Verdict> bottleneck(const VerdictInput& input);
/// Nothing is known to be slow, because the machine has too few processors for all that runs on it.
std::optional<Verdict> no_processor(const VerdictInput& input);
/// Nothing is slow, but an executor has little time left.
std::optional<Verdict> near_limit(const VerdictInput& input);

}  // namespace wallaroo::internal
