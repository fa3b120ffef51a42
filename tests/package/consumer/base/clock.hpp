#pragma once

#include "step/stage.hpp"

namespace consumer {
inline constexpr int double_limit = 2 * limit;
}
