#include "metrics/http/host_check.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <boost/algorithm/string/predicate.hpp>
#include <boost/asio/ip/address.hpp>

namespace wallaroo::internal {

namespace {

/// The field without its port, and without the dot that may end a name.
std::string_view host_of(std::string_view field) {
  if (field.starts_with('[')) {
    const auto end = field.find(']');
    return end == std::string_view::npos ? field : field.substr(1, end - 1);
  }
  const std::string_view host = field.substr(0, field.find(':'));
  return host.ends_with('.') ? host.substr(0, host.size() - 1) : host;
}

bool is_address(std::string_view host) {
  boost::system::error_code error;
  boost::asio::ip::make_address(std::string(host), error);
  return !error;
}

}  // namespace

bool host_is_ours(std::string_view host_field, const std::vector<std::string>& names) {
  const std::string_view host = host_of(host_field);
  const auto is_host = [host](const std::string& name) { return boost::iequals(name, host); };
  return host_field.empty() || boost::iequals(host, "localhost") ||
         boost::iends_with(host, ".localhost") || is_address(host) ||
         std::any_of(names.begin(), names.end(), is_host);
}

std::string wrong_host_text(std::string_view host_field) {
  const std::string_view host = host_of(host_field);
  return fmt::format(
      "this server does not know the name '{}', so it does not answer to it: another site could "
      "read the metrics otherwise. Ask for its address, or start the application with "
      "--http-host {}",
      host, host);
}

}  // namespace wallaroo::internal
