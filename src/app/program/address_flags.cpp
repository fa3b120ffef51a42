#include "app/program/address_flags.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <wallaroo/types/error.hpp>

namespace wallaroo::internal {

namespace {

class Resolution {
 public:
  Resolution(std::string_view origin, const AddressedNames& ends) : origin_(origin), ends_(ends) {}

  void named(const std::string& value) {
    const auto at = value.find('@');
    const std::string name = value.substr(0, at);
    const std::string address = value.substr(at + 1);
    if (std::find(ends_.names.begin(), ends_.names.end(), name) == ends_.names.end()) {
      refuse(value, fmt::format("there is no {} '{}' that takes an address; {}", ends_.kind, name,
                                existing()));
    }
    if (address.empty()) {
      refuse(value, "there is no address after '@'");
    }
    std::vector<std::string>& addresses = addresses_[name];
    if (!addresses.empty() && !ends_.several) {
      refuse(value, fmt::format("{} '{}' has an address already", ends_.kind, name));
    }
    addresses.push_back(address);
  }

  void bare(const std::string& value) {
    if (value.empty()) {
      refuse(value, "the address is empty");
    }
    if (ends_.several && ends_.names.size() > 1) {
      refuse(value,
             fmt::format("say for which {} it is, NAME@{}; {}", ends_.kind, value, existing()));
    }
    if (ends_.several && !ends_.names.empty()) {
      addresses_[ends_.names.front()].push_back(value);
      return;
    }
    const auto next = std::find_if(ends_.names.begin(), ends_.names.end(),
                                   [&](const auto& name) { return !addresses_.contains(name); });
    if (next == ends_.names.end()) {
      refuse(value, fmt::format("no {} is left that it could be for; {}", ends_.kind, existing()));
    }
    addresses_[*next] = {value};
  }

  AddressLists take() { return std::move(addresses_); }

 private:
  std::string existing() const {
    if (ends_.names.empty()) {
      return fmt::format("the application has no {} with an address", ends_.kind);
    }
    return fmt::format("the application has: {}", fmt::join(ends_.names, ", "));
  }
  [[noreturn]] void refuse(std::string_view value, const std::string& why) const {
    throw ConfigError(fmt::format("{} '{}': {}", origin_, value, why));
  }

  std::string_view origin_;
  const AddressedNames& ends_;
  AddressLists addresses_;
};

}  // namespace

AddressLists resolve_addresses(std::string_view origin, const AddressedNames& ends,
                               const std::vector<std::string>& values) {
  Resolution resolution(origin, ends);
  const auto is_named = [](const std::string& value) { return value.find('@') != value.npos; };
  // A bare address goes to the next name without one, so addresses with a name are placed first.
  for (const std::string& value : values) {
    if (is_named(value)) {
      resolution.named(value);
    } else if (ends.several) {
      resolution.bare(value);
    }
  }
  for (const std::string& value : values) {
    if (!is_named(value) && !ends.several) {
      resolution.bare(value);
    }
  }
  return resolution.take();
}

}  // namespace wallaroo::internal
