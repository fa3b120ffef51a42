// Names of NumPy's types of elements.
#pragma once

#include <string_view>

namespace wallaroo::python {

/// True for names of types whose values are their bytes, such as "<f8", "|b1", "<U5" and
/// "<M8[ns]", and for no name of a type that has objects in it.
constexpr bool is_type_of_bytes(std::string_view name) {
  constexpr std::size_t longest = 24;
  constexpr std::string_view orders = "<>|=";
  constexpr std::string_view kinds = "biufcmMSU";
  if (name.size() < 3 || name.size() > longest || orders.find(name[0]) == orders.npos ||
      kinds.find(name[1]) == kinds.npos) {
    return false;
  }
  std::size_t i = 2;
  while (i < name.size() && name[i] >= '0' && name[i] <= '9') {
    ++i;
  }
  if (i == 2 || i == name.size()) {
    return i > 2;
  }
  // The unit of a time, such as [ns] or [25s].
  if ((name[1] != 'm' && name[1] != 'M') || name[i] != '[' || name.back() != ']') {
    return false;
  }
  for (const char c : name.substr(i + 1, name.size() - i - 2)) {
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) {
      return false;
    }
  }
  return true;
}

}  // namespace wallaroo::python
