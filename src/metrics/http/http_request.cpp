#include "metrics/http/http_request.hpp"

#include <charconv>
#include <cstddef>
#include <system_error>
#include <utility>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "metrics/valid_utf8.hpp"

namespace wallaroo::internal {

namespace {

/// Undoes the encoding of a query: '+' is a space, "%41" a byte.
std::string decoded(std::string_view text, bool plus_is_space) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned char byte = 0;
    const char* const digits = text.data() + i + 1;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(digits, digits + 2, byte, 16) ==
            std::from_chars_result{digits + 2, std::errc{}}) {
      result += static_cast<char>(byte);
      i += 2;
    } else {
      result += text[i] == '+' && plus_is_space ? ' ' : text[i];
    }
  }
  return result;
}

void add_parameter(HttpRequest& request, std::string_view pair) {
  const std::size_t equals = pair.find('=');
  const std::string_view value =
      equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
  if (!pair.empty()) {
    request.query[decoded(pair.substr(0, equals), true)] = decoded(value, true);
  }
}

}  // namespace

HttpRequest parse_target(std::string_view target) {
  HttpRequest request;
  const std::size_t question = target.find('?');
  request.path = decoded(target.substr(0, question), false);
  if (question == std::string_view::npos) {
    return request;
  }
  std::string_view rest = target.substr(question + 1);
  rest = rest.substr(0, rest.find('#'));
  while (!rest.empty()) {
    const std::size_t end = rest.find('&');
    add_parameter(request, rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return request;
}

HttpResponse http_error(const std::string& path, int status, const std::string& text) {
  HttpResponse response{.status = status};
  if (path.starts_with("/api/")) {
    response.content_type = "application/json";
    response.body =
        boost::json::serialize(boost::json::object{{"format", 1}, {"error", valid_utf8(text)}});
  } else {
    response.body = text + "\n";
  }
  return response;
}

}  // namespace wallaroo::internal
