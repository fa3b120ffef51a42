// Text of users and of the network, for documents that must be UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace wallaroo::internal {

/// The text, in which bytes that are not UTF-8 are replaced by U+FFFD.
std::string valid_utf8(std::string_view text);

}  // namespace wallaroo::internal
