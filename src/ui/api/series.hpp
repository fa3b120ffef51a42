// The document of /api/v1/series.
#pragma once

#include <string>

#include "ui/api/window.hpp"
#include "ui/history/history.hpp"
#include "ui/verdict/look.hpp"

namespace wallaroo::internal {

/// What documents say about the process and its run besides the history.
struct RunFacts {
  std::string plan_id = {};
  std::string application = {};
  std::string version = {};
  std::string worker = {};
  VerdictFacts verdict = {};
};

std::string render_series(const History& history, const RunFacts& facts, const Window& window);

}  // namespace wallaroo::internal
