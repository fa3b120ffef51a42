// Asks a running application for the documents of its metrics UI.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <boost/json/value.hpp>

namespace wallaroo::tool {

/// Where an application serves its metrics.
struct ApiAddress {
  std::string host;
  std::string port;
  std::string host_field;  ///< "host:port" as in the URL
};

/// Reads "http://127.0.0.1:9090/", of which all but the host may be left out; the port is then 80.
/// Throws wallaroo::ConfigError for anything else.
ApiAddress parse_url(std::string_view url);

/// A document, and what the local clock said meanwhile.
struct ApiDocument {
  boost::json::value value;
  double asked = 0;  ///< Unix time before the request
  double got = 0;    ///< and after the answer
};

/// Gets "/api/v1/..." . Throws wallaroo::IoError that names the address when nobody answers within
/// some seconds, or the answer is no such document.
ApiDocument get_document(const ApiAddress& address, const std::string& target);

/// A text of a document, without bytes that would change the terminal.
std::string printable(const boost::json::value& text);

}  // namespace wallaroo::tool
