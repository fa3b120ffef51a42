#include "cluster/cluster_url.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <wallaroo/types/error.hpp>

namespace wallaroo::internal::cluster {

namespace {

constexpr std::string_view scheme = "etcd://";
constexpr std::string_view of_tls = "etcds://";
constexpr std::string_view letters_and_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::size_t longest_name = 64;

/// The parts of the text, without any decoding.
struct Parts {
  std::string_view credentials;  ///< before the '@'
  bool has_credentials = false;
  std::string_view endpoints;
  std::string_view name;
  std::string shown;  ///< the text with "***" for the password
};

[[noreturn]] void reject(std::string_view shown, std::string_view reason) {
  throw ConfigError(fmt::format("'{}' is not the URL of a cluster: {}", shown, reason));
}

/// Shows the user of "user:password@rest", and not the password. An unencoded '/' or '@' in the
/// password would show a piece of it, so everything up to the last '@' is hidden.
std::string without_password(std::string_view text) {
  const std::size_t at = text.rfind('@');
  const std::size_t begin = text.find("://");
  if (at == std::string_view::npos) {
    return std::string(text);
  }
  const std::size_t user = begin == std::string_view::npos || begin > at ? 0 : begin + 3;
  const std::size_t colon = text.find(':', user);
  if (colon == std::string_view::npos || colon > at) {
    return std::string(text);
  }
  return fmt::format("{}:***{}", text.substr(0, colon), text.substr(at));
}

std::optional<int> hex_digit(char c) {
  constexpr std::string_view digits = "0123456789abcdef";
  const std::size_t found = digits.find(c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c);
  return found == std::string_view::npos ? std::nullopt : std::optional(static_cast<int>(found));
}

std::string decoded(std::string_view text, std::string_view shown) {
  std::string plain;
  for (std::size_t i = 0; i != text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    const auto high = i + 2 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
    const auto low = i + 2 < text.size() ? hex_digit(text[i + 2]) : std::nullopt;
    if (!high || !low) {
      reject(shown,
             "after a '%' in the user or the password stand two hexadecimal digits; write %25 for "
             "the '%' itself");
    }
    plain += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return plain;
}

std::string encoded(std::string_view plain) {
  std::string text;
  for (const char c : plain) {
    const bool as_it_is =
        letters_and_digits.find(c) != std::string_view::npos || c == '.' || c == '_' || c == '-';
    text += as_it_is ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return text;
}

Parts split(std::string_view text) {
  Parts parts;
  parts.shown = without_password(text);
  constexpr std::string_view form = "write etcd://HOST:PORT/NAME";
  if (text.empty()) {
    reject(text, fmt::format("it is empty; {}", form));
  }
  if (text.starts_with(of_tls)) {
    reject(parts.shown, "etcd is not spoken to with TLS yet; write etcd:// and a trusted network");
  }
  if (!text.starts_with(scheme)) {
    reject(parts.shown, fmt::format("it does not begin with {}; {}", scheme, form));
  }
  std::string_view rest = text.substr(scheme.size());
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
    parts.has_credentials = true;
    parts.credentials = rest.substr(0, at);
    rest.remove_prefix(at + 1);
  }
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) {
    reject(parts.shown, "the name of the cluster is missing; write it behind a '/' at the end");
  }
  parts.endpoints = rest.substr(0, slash);
  parts.name = rest.substr(slash + 1);
  return parts;
}

void read_credentials(const Parts& parts, EtcdAccess& etcd) {
  if (!parts.has_credentials) {
    return;
  }
  if (parts.credentials.find_first_of("@/") != std::string_view::npos) {
    reject(parts.shown, "write %40 for an '@' and %2F for a '/' in the user or the password");
  }
  const std::size_t colon = parts.credentials.find(':');
  const std::string_view password =
      colon == std::string_view::npos ? std::string_view() : parts.credentials.substr(colon + 1);
  if (password.find(':') != std::string_view::npos) {
    reject(parts.shown, "write %3A for a ':' in the user or the password");
  }
  etcd.user = decoded(parts.credentials.substr(0, colon), parts.shown);
  etcd.password = decoded(password, parts.shown);
  if (etcd.user.empty()) {
    reject(parts.shown, "the user before the '@' is empty");
  }
}

void read_endpoints(const Parts& parts, EtcdAccess& etcd) {
  for (std::string_view rest = parts.endpoints;;) {
    const std::size_t comma = rest.find(',');
    HostPort endpoint;
    try {
      endpoint = parse_host_port(rest.substr(0, comma));
    } catch (const ConfigError& error) {
      reject(parts.shown, error.what());
    }
    if (endpoint.port == 0) {
      reject(parts.shown, "0 is no port of etcd; it listens on 2379 unless it was told otherwise");
    }
    if (std::find(etcd.endpoints.begin(), etcd.endpoints.end(), endpoint) != etcd.endpoints.end()) {
      reject(parts.shown, fmt::format("{} is there twice", endpoint.to_string()));
    }
    etcd.endpoints.push_back(std::move(endpoint));
    if (comma == std::string_view::npos) {
      return;
    }
    rest.remove_prefix(comma + 1);
  }
}

std::string read_name(const Parts& parts) {
  const std::string name(parts.name);
  if (name.empty()) {
    reject(parts.shown, "the name of the cluster is missing; write it behind the last '/'");
  }
  if (name.size() > longest_name) {
    reject(parts.shown, fmt::format("the name of the cluster has {} characters, of which {} are "
                                    "the most",
                                    name.size(), longest_name));
  }
  const std::string allowed = fmt::format("{}._-", letters_and_digits);
  if (name.find_first_not_of(allowed) != std::string::npos) {
    reject(parts.shown,
           fmt::format("the name '{}' of the cluster has a character that is none of the letters "
                       "A to Z, digits, '.', '_' and '-'",
                       name));
  }
  return name;
}

}  // namespace

ClusterUrl parse_cluster_url(std::string_view text) {
  const Parts parts = split(text);
  ClusterUrl url;
  read_credentials(parts, url.etcd);
  read_endpoints(parts, url.etcd);
  url.name = read_name(parts);
  return url;
}

std::string ClusterUrl::to_string() const {
  std::vector<std::string> endpoints;
  for (const HostPort& endpoint : etcd.endpoints) {
    endpoints.push_back(endpoint.to_string());
  }
  const std::string who = etcd.user.empty() ? std::string()
                                            : fmt::format("{}{}@", encoded(etcd.user),
                                                          etcd.password.empty() ? "" : ":***");
  return fmt::format("{}{}{}/{}", scheme, who, fmt::join(endpoints, ","), name);
}

}  // namespace wallaroo::internal::cluster
