// The document of /api/v1/keys.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "run/wiring.hpp"
#include "ui/plan/plan_view.hpp"

namespace wallaroo::internal {

struct KeysFacts {
  std::string plan_id = {};
  std::string worker = {};
  bool show_keys = false;
  /// Only this stage, which is a key_by or takes its records; empty: all.
  std::string stage = {};
};

/// Throws ConfigError when that stage has no keys.
std::string render_keys(const PlanView& view, const std::vector<SampledKeys>& samples,
                        const KeysFacts& facts);

}  // namespace wallaroo::internal
