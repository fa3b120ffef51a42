// Renders the registry as text for Prometheus.
#pragma once

#include <string>

#include "metrics/registry.hpp"

namespace wallaroo::internal {

/// The content type of `render_prometheus`.
inline constexpr const char* prometheus_content_type = "text/plain; version=0.0.4; charset=utf-8";

/// Returns text in exposition format 0.0.4, with every family once and its HELP and TYPE.
std::string render_prometheus(const Registry& registry);

}  // namespace wallaroo::internal
