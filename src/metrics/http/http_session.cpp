#include "metrics/http/http_session.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <boost/beast/http.hpp>

#include "metrics/http/gzip.hpp"
#include "metrics/http/host_check.hpp"

namespace wallaroo::internal {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

struct Refusal {
  int status;
  std::string text;
};

/// The answer to an unreadable request; nothing when the client is gone.
std::optional<Refusal> answer_to_error(error_code error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return Refusal{431, "request header too large\n"};
  }
  const bool malformed =
      error.category() == http::make_error_code(http::error::bad_method).category();
  if (!malformed || error == http::error::end_of_stream || error == http::error::partial_message) {
    return std::nullopt;
  }
  return Refusal{400, fmt::format("bad request: {}\n", error.message())};
}

/// The values of all fields of that name, joined as if they were one field.
template <class Request>
std::string joined_values(const Request& request, http::field name) {
  std::string all;
  const auto [first, last] = request.equal_range(name);
  for (auto field = first; field != last; ++field) {
    all.append(all.empty() ? "" : ",").append(field->value().data(), field->value().size());
  }
  return all;
}

constexpr const char* content_policy =
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "object-src 'none'";

/// The fields that tell browsers what the pages, and pages of other sites, must not do.
template <class Message>
void add_security(Message& message) {
  message.set("Content-Security-Policy", content_policy);
  message.set("X-Content-Type-Options", "nosniff");
  message.set("X-Frame-Options", "DENY");
  message.set("Referrer-Policy", "no-referrer");
  message.set("Cross-Origin-Resource-Policy", "same-origin");
  message.set("Cross-Origin-Opener-Policy", "same-origin");
}

/// The tag is weak, because the compressed body has the same.
std::string etag_field(const std::string& etag) { return fmt::format("W/\"{}\"", etag); }

bool is_known(const std::string& etag, std::string_view known) {
  return !etag.empty() &&
         (known == "*" || known.find(fmt::format("\"{}\"", etag)) != std::string_view::npos);
}

}  // namespace

void HttpSessions::close_one() {
  const auto idle = std::find_if(open_.begin(), open_.end(),
                                 [](const HttpSession* one) { return !one->answering_; });
  if (idle != open_.end()) {
    (*idle)->close_now();
  } else if (!open_.empty()) {
    open_.front()->close_now();
  }
}

HttpSession::HttpSession(asio::ip::tcp::socket socket, const Shared& shared)
    : stream_(std::move(socket)), shared_(shared) {
  auto& open = shared_.sessions.open_;
  place_ = open.insert(open.end(), this);
}

HttpSession::~HttpSession() {
  (closing_ ? shared_.sessions.closing_ : shared_.sessions.open_).erase(place_);
}

void HttpSession::close_now() {
  auto& closing = shared_.sessions.closing_;
  closing.splice(closing.end(), shared_.sessions.open_, place_);
  closing_ = true;
  stream_.close();
}

void HttpSession::enter(bool answering) {
  answering_ = answering;
  if (!closing_) {
    auto& open = shared_.sessions.open_;
    open.splice(open.end(), open, place_);
  }
}

void HttpSession::read() {
  enter(false);
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(shared_.limits.max_header_bytes));
  stream_.expires_after(shared_.limits.timeout);
  http::async_read_header(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](error_code error, std::size_t) { self->on_read(error); });
}

void HttpSession::on_read(error_code error) {
  if (error) {
    if (const auto refusal = answer_to_error(error)) {
      refuse(refusal->status, refusal->text, {});
    }
    return;
  }
  const auto& request = parser_->get();
  Manner manner{.version = request.version(), .head = request.method() == http::verb::head};
  if (!manner.head && request.method() != http::verb::get) {
    manner.allow = true;
    refuse(405, "only GET and HEAD are answered\n", manner);
  } else if (!parser_->is_done()) {
    refuse(400, "a request for a page must not have a body\n", manner);
  } else {
    manner.keep_alive = request.keep_alive();
    manner.gzip = accepts_gzip(joined_values(request, http::field::accept_encoding));
    manner.known = joined_values(request, http::field::if_none_match);
    HttpRequest wanted = parse_target({request.target().data(), request.target().size()});
    wanted.accept = joined_values(request, http::field::accept);
    const std::string host = joined_values(request, http::field::host);
    if (!shared_.pages.any_host(wanted.path) && !host_is_ours(host, shared_.names)) {
      const HttpResponse refusal = http_error(wanted.path, 421, wrong_host_text(host));
      respond(std::make_shared<const HttpResponse>(refusal), manner);
    } else {
      request_page(manner, std::move(wanted));
    }
  }
}

// The page may come from another thread, which must not destroy the session, so the session's
// thread takes it over.
void HttpSession::request_page(const Manner& manner, HttpRequest request) {
  enter(true);
  stream_.expires_never();
  shared_.pages.request(std::move(request), manner.gzip,
                        [self = shared_from_this(), manner](HttpPagePtr page) mutable {
                          const auto executor = self->stream_.get_executor();
                          asio::post(executor,
                                     [self = std::move(self), manner, page = std::move(page)] {
                                       self->respond(page, manner);
                                     });
                        });
}

void HttpSession::refuse(int status, std::string text, const Manner& manner) {
  HttpResponse response{.status = status, .body = std::move(text)};
  respond(std::make_shared<const HttpResponse>(std::move(response)), manner);
}

void HttpSession::respond(const HttpPagePtr& page, const Manner& manner) {
  const HttpResponse& response = *page;
  const bool unchanged = is_known(response.etag, manner.known);
  const bool compressed = manner.gzip && !response.compressed.empty();
  const std::string& body = compressed ? response.compressed : response.body;
  const auto fill = [&](auto& message) {
    message.version(manner.version);
    message.result(unchanged ? 304U : static_cast<unsigned>(response.status));
    message.set(http::field::server, "wallaroo");
    message.set(http::field::content_type, response.content_type);
    message.set(http::field::cache_control, response.etag.empty() ? "no-store" : "no-cache");
    message.set(http::field::vary, "Accept, Accept-Encoding");
    add_security(message);
    if (!response.etag.empty()) {
      message.set(http::field::etag, etag_field(response.etag));
    }
    if (compressed) {
      message.set(http::field::content_encoding, "gzip");
    }
    if (manner.allow) {
      message.set(http::field::allow, "GET, HEAD");
    }
    message.keep_alive(manner.keep_alive);
    if (!unchanged) {
      message.content_length(body.size());
    }
  };
  enter(true);
  if (manner.head || unchanged) {
    auto message = std::make_shared<http::response<http::empty_body>>();
    fill(*message);
    send(std::move(message), page, manner.keep_alive);
  } else {
    auto message = std::make_shared<http::response<http::span_body<const char>>>();
    fill(*message);
    message->body() = {body.data(), body.size()};
    send(std::move(message), page, manner.keep_alive);
  }
}

template <class Message>
void HttpSession::send(std::shared_ptr<Message> message, HttpPagePtr page, bool keep_alive) {
  stream_.expires_after(shared_.limits.timeout);
  http::async_write(stream_, *message,
                    [self = shared_from_this(), message, page = std::move(page), keep_alive](
                        error_code error, std::size_t) {
                      if (!error && keep_alive) {
                        self->read();
                      } else if (!error) {
                        self->close();
                      }
                    });
}

/// Reads and drops the rest of a refused request, for one timeout, before the connection is closed:
/// closing with unread input would reset the connection, and the response could be lost.
void HttpSession::close() {
  enter(false);
  error_code ignored;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  stream_.expires_after(shared_.limits.timeout);
  discard_rest();
}

void HttpSession::discard_rest() {
  stream_.async_read_some(asio::buffer(discarded_),
                          [self = shared_from_this()](error_code error, std::size_t) {
                            if (!error) {
                              self->discard_rest();
                            }
                          });
}

}  // namespace wallaroo::internal
