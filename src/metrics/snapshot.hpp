// The registry as a web UI reads it: docs/formats/metrics-snapshot.md describes the document.
#pragma once

#include <string>

#include "metrics/registry.hpp"

namespace wallaroo::internal {

std::string render_snapshot(const Registry& registry);

}  // namespace wallaroo::internal
