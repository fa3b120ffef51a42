// Checks of a running application, for /api/v1/doctor. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ui/api/series.hpp"
#include "ui/verdict/verdict.hpp"

namespace wallaroo::internal {

/// What the machine gives to the process; 0: not known.
struct MachineLimits {
  double memory_bytes = 0;  ///< of the machine, or of the control group
  double descriptors = 0;
};

MachineLimits machine_limits();

struct Check {
  std::string_view name = {};
  Verdict::Level level = Verdict::Level::ok;
  std::string text = {};
  std::optional<std::size_t> node = std::nullopt;
};

/// All checks, also those that find nothing wrong.
std::vector<Check> examine(const History& history, const VerdictInput& input,
                           const MachineLimits& limits);

std::string render_doctor(const History& history, const RunFacts& facts,
                          const MachineLimits& limits);

}  // namespace wallaroo::internal
