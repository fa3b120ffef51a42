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
  /// True: one may have several addresses, which are files; one without a name is for the only
  /// one. False: an address without a name is for the next one that has none so far.
  bool several;
};

using AddressLists = std::map<std::string, std::vector<std::string>>;

/// `origin` is where the values stand ("--in"). A value is "name@address" or a bare address; those
/// of one name keep their order. Throws ConfigError naming the origin, the value and what exists.
AddressLists resolve_addresses(std::string_view origin, const Ends& ends,
                               const std::vector<std::string>& values);

}  // namespace wallaroo::internal
