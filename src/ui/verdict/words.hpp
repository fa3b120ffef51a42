// The words of verdicts. Pure.
#pragma once

#include <string>

#include "ui/verdict/verdict.hpp"

namespace wallaroo::internal {

/// "42 s", "1.3 s".
std::string duration(double seconds);
/// "97 %".
std::string percent(double share);
/// "stage 'count'", "the encoder of sink 'totals'".
std::string subject(const StageLoad& stage);

}  // namespace wallaroo::internal
