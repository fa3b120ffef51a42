// Compressed answers for clients that ask for them.
#pragma once

#include <string>
#include <string_view>

namespace wallaroo::internal {

/// Returns the bytes of a gzip file (RFC 1952) that holds `bytes`.
std::string gzip(std::string_view bytes);

/// True when the value of an Accept-Encoding field allows gzip and does not prefer plain bytes.
/// Malformed parts of the value allow nothing.
bool accepts_gzip(std::string_view accept_encoding);

}  // namespace wallaroo::internal
