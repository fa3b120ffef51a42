// Finds the source or sink that an address on the command line is for.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace wallaroo::internal {

/// The sources, or the sinks, of an application.
struct AddressedNames {
  std::string_view kind;           ///< "source" or "sink"
  std::vector<std::string> names;  ///< in the order in which they were described
  /// True: a source may have several addresses, which are files; an address without a name is for
  /// the only source. False: an address without a name is for the next sink that has none so far.
  bool several;
};

using AddressLists = std::map<std::string, std::vector<std::string>>;

/// `origin` names the place of the values ("--in"). A value is "name@address" or a bare address;
/// the addresses of one name keep their order. Throws ConfigError that names the origin, the value,
/// and the sources or sinks that exist.
AddressLists resolve_addresses(std::string_view origin, const AddressedNames& ends,
                               const std::vector<std::string>& values);

}  // namespace wallaroo::internal
