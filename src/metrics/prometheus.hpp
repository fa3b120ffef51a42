// The registry as Prometheus scrapes it.
#pragma once

#include <string>

#include "metrics/registry.hpp"

namespace wallaroo::internal {

/// The content type of `render_prometheus`.
inline constexpr const char* prometheus_content_type = "text/plain; version=0.0.4; charset=utf-8";

/// Text exposition format 0.0.4: every family once, with HELP and TYPE.
std::string render_prometheus(const Registry& registry);

}  // namespace wallaroo::internal
