#include "wallaroo/api_client.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/json/parse.hpp>

#include <wallaroo/types/error.hpp>

namespace wallaroo::tool {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::chrono::seconds patience(10);

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// One request on a connection of its own. Each step has a time-out, which only asynchronous calls
/// of the stream obey.
class Exchange {
 public:
  explicit Exchange(const ApiAddress& address) : address_(address), stream_(io_) {}

  http::response<http::string_body> get(const std::string& target) {
    asio::ip::tcp::resolver resolver(io_);
    const auto endpoints = resolver.resolve(address_.host, address_.port);
    stream_.expires_after(patience);
    finish([&](auto&& done) {
      stream_.async_connect(endpoints, [done](error_code error, auto&&) { done(error); });
    });
    http::request<http::empty_body> request(http::verb::get, target, 11);
    request.set(http::field::host, address_.host_field);
    request.set(http::field::connection, "close");
    finish([&](auto&& done) {
      http::async_write(stream_, request, [done](error_code error, std::size_t) { done(error); });
    });
    http::response_parser<http::string_body> parser;
    parser.body_limit(256U << 20U);
    beast::flat_buffer buffer;
    finish([&](auto&& done) {
      http::async_read(stream_, buffer, parser,
                       [done](error_code error, std::size_t) { done(error); });
    });
    return parser.release();
  }

 private:
  template <class Start>
  void finish(Start&& start) {
    error_code result;
    start([&result](error_code error) { result = error; });
    io_.restart();
    io_.run();
    if (result) {
      throw boost::system::system_error(result);
    }
  }

  const ApiAddress& address_;
  asio::io_context io_;
  beast::tcp_stream stream_;
};

bool all_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// The text of an error document, or the beginning of whatever came.
std::string error_of(const std::string& body) {
  error_code error;
  const boost::json::value value = boost::json::parse(body, error);
  if (!error && value.is_object() && value.as_object().contains("error")) {
    return std::string(value.at("error").as_string());
  }
  return body.substr(0, body.find('\n')).substr(0, 200);
}

}  // namespace

ApiAddress parse_url(std::string_view url) {
  const std::string given(url);
  constexpr std::string_view scheme = "http://";
  if (url.starts_with(scheme)) {
    url.remove_prefix(scheme.size());
  }
  const bool scheme_is_other = url.find("://") != std::string_view::npos;
  url = url.substr(0, url.find_first_of("/?#"));
  ApiAddress address{.host = std::string(url), .port = "80", .host_field = std::string(url)};
  const auto colon = url.rfind(':');
  if (colon != std::string_view::npos && !url.ends_with(']')) {
    address.host = url.substr(0, colon);
    address.port = url.substr(colon + 1);
  }
  if (address.host.size() > 2 && address.host.front() == '[' && address.host.back() == ']') {
    address.host = address.host.substr(1, address.host.size() - 2);
  }
  if (address.host.empty() || !all_digits(address.port) || scheme_is_other) {
    throw ConfigError(fmt::format(
        "'{}' is no address of an application; use http://HOST:PORT as the application's log names "
        "it",
        given));
  }
  return address;
}

ApiDocument get_document(const ApiAddress& address, const std::string& target) {
  try {
    ApiDocument document;
    document.asked = now_seconds();
    const auto response = Exchange(address).get(target);
    document.got = now_seconds();
    if (response.result() != http::status::ok) {
      throw IoError(fmt::format("http://{}{}: {} {}", address.host_field, target,
                                response.result_int(), error_of(response.body())));
    }
    document.value = boost::json::parse(response.body());
    return document;
  } catch (const boost::system::system_error& error) {
    throw IoError(fmt::format(
        "http://{}: {}; start the application with --http, and look there at its log for the "
        "address",
        address.host_field, error.code().message()));
  }
}

std::string printable(const boost::json::value& text) {
  std::string shown;
  for (const char c : text.as_string()) {
    const auto byte = static_cast<unsigned char>(c);
    shown += byte < 0x20 || byte == 0x7F ? '?' : c;
  }
  return shown;
}

}  // namespace wallaroo::tool
