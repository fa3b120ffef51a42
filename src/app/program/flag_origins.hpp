// Tells where the value of each flag comes from.
#pragma once

#include <vector>

#include <wallaroo/types/ui_options.hpp>

#include "app/program/flag_reader.hpp"

namespace wallaroo::internal {

/// All flags of the program with their values, in the order of --help. Flags for addresses have no
/// default; those that were not given are left out.
std::vector<FlagValue> flag_origins(const Program& program, const Given& line, const Given& file);

}  // namespace wallaroo::internal
