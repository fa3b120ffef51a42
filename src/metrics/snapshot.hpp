// Renders the registry as a JSON document, which docs/formats/metrics-snapshot.md describes.
#pragma once

#include <string>

#include "metrics/registry.hpp"

namespace wallaroo::internal {

std::string render_snapshot(const Registry& registry);

}  // namespace wallaroo::internal
