// Decides whether a request's Host field names this server. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wallaroo::internal {

/// A page of another site must not read this server by letting its own name point to the server's
/// address, which is called DNS rebinding. So names must be known: `localhost` and those below it,
/// and `names`, in which case does not matter. Addresses are always right, because no other site
/// has them. An empty value is right, too: old clients send no Host, and browsers always do.
bool host_is_ours(std::string_view host_field, const std::vector<std::string>& names);

/// What the client is told otherwise.
std::string wrong_host_text(std::string_view host_field);

}  // namespace wallaroo::internal
