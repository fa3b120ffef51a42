// Where an engine pushes its metrics.
#pragma once

#include <optional>
#include <string>

#include <wallaroo/types/original_options.hpp>

#include "metrics/push/pusher.hpp"

namespace wallaroo::internal {

/// Nothing when the options name no receiver. Throws ConfigError for an address that makes no
/// sense.
std::optional<PusherSettings> pusher_settings(const MetricsPushOptions& options,
                                              const std::string& application);

}  // namespace wallaroo::internal
