// The document of /api/v1/config.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <wallaroo/types/ui_options.hpp>

#include "ui/plan/plan_view.hpp"

namespace wallaroo::internal {

struct ConfigFacts {
  std::string plan_id = {};
  std::string application = {};
  std::string version = {};
  std::string worker = {};
  std::string explain = {};
  double started = 0;  ///< of the process, Unix time
  std::vector<FlagValue> flags = {};
  std::map<std::string, std::string> addresses = {};  ///< by source or sink
};

std::string render_config(const PlanView& view, const ConfigFacts& facts);

}  // namespace wallaroo::internal
