// The pages at an application's HTTP address.
#pragma once

#include <functional>

#include "metrics/http/http_server.hpp"
#include "metrics/registry.hpp"

namespace wallaroo::internal {

/// Makes the pages `/metrics`, `/metrics.json`, `/livez`, `/readyz` and an index on `/`. `ready` is
/// called on the server's thread. The registry must outlive the server.
HttpRoutes make_routes(const Registry& registry, std::function<bool()> ready);

}  // namespace wallaroo::internal
