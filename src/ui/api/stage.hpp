// The document of /api/v1/stage.
#pragma once

#include <cstddef>
#include <string>

#include "ui/api/series.hpp"

namespace wallaroo::internal {

std::string render_stage(const History& history, const RunFacts& facts, const Window& window,
                         std::size_t node);

}  // namespace wallaroo::internal
