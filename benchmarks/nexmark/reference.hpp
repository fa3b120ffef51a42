// The right results of the queries, computed by plain loops over all events at once.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "nexmark/events.hpp"

namespace wallaroo::bench::nexmark {

/// The sorted lines of the final result of a query, as README.md defines it. For a query that
/// replaces results by later ones these are the last ones. The result does not depend on the order
/// of the events. Throws std::invalid_argument for a number that is not among
/// `reference_queries()`.
std::vector<std::string> reference(int query, std::span<const Event> events);

std::vector<int> reference_queries();

}  // namespace wallaroo::bench::nexmark
