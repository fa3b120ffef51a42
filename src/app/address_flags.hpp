// Which source or sink an address on the command line is for.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace wallaroo::internal {

/// The sources, or the sinks, of an application.
struct Ends {
  std::string_view kind;           ///< "source" or "sink"
  std::vector<std::string> names;  ///< in the order in which they were described
  /// An address without a name: for the only one, or for the next one that has none so far.
  bool bare_needs_only_one;
};

/// `origin` is where the values stand ("--in"). A value is "name@address" or a bare address.
/// Throws ConfigError naming the origin, the value and what exists.
std::map<std::string, std::string> resolve_addresses(std::string_view origin, const Ends& ends,
                                                     const std::vector<std::string>& values);

}  // namespace wallaroo::internal
