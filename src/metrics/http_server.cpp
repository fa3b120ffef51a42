#include "metrics/http_server.hpp"

#include <array>
#include <csignal>
#include <cstdint>
#include <exception>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include <pthread.h>

#include <fmt/format.h>
#ifdef __SANITIZE_THREAD__
// Asio's fences are invisible to ThreadSanitizer, and the compiler says so for each of them. All
// handlers run on one thread here, so none of them is needed to see what another one wrote.
#pragma GCC diagnostic ignored "-Wtsan"
#endif

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <wallaroo/error.hpp>

namespace wallaroo::internal {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using boost::system::error_code;

struct HostPort {
  std::string host;
  std::string port;
};

HostPort parse_address(const std::string& address) {
  const auto colon = address.rfind(':');
  HostPort result;
  if (colon != std::string::npos) {
    result = {address.substr(0, colon), address.substr(colon + 1)};
  }
  if (result.host.size() > 2 && result.host.front() == '[' && result.host.back() == ']') {
    result.host = result.host.substr(1, result.host.size() - 2);
  }
  const bool digits = !result.port.empty() && result.port.size() <= 5 &&
                      result.port.find_first_not_of("0123456789") == std::string::npos;
  if (result.host.empty() || !digits || std::stoi(result.port) > 65535) {
    throw ConfigError(fmt::format(
        "http: '{}' is no address; write host:port, for example 127.0.0.1:9090", address));
  }
  return result;
}

std::string unknown_path_text(std::string_view path, const HttpRoutes& routes) {
  std::string text = fmt::format("no page '{}'; there are:\n", path);
  for (const auto& [known, handler] : routes) {
    text += known + "\n";
  }
  return text;
}

HttpResponse answer(std::string_view target, const HttpRoutes& routes) {
  const std::string path(target.substr(0, target.find('?')));
  const auto route = routes.find(path);
  if (route == routes.end()) {
    return {.status = 404, .body = unknown_path_text(path, routes)};
  }
  try {
    return route->second();
  } catch (const std::exception& error) {
    return {.status = 500, .body = fmt::format("{}: {}\n", path, error.what())};
  } catch (...) {
    return {.status = 500, .body = path + ": failed\n"};
  }
}

/// What the sender of an unreadable request is told; nothing when there is nobody to tell.
std::optional<HttpResponse> answer_to_error(error_code error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return HttpResponse{.status = 431, .body = "request header too large\n"};
  }
  const bool malformed =
      error.category() == http::make_error_code(http::error::bad_method).category();
  if (!malformed || error == http::error::end_of_stream || error == http::error::partial_message) {
    return std::nullopt;
  }
  return HttpResponse{.status = 400, .body = fmt::format("bad request: {}\n", error.message())};
}

/// One client: reads a request's header, answers, and again while the client keeps the connection.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, const HttpRoutes& routes, const HttpLimits& limits,
          std::function<void()> on_end)
      : stream_(std::move(socket)), routes_(routes), limits_(limits), on_end_(std::move(on_end)) {}
  ~Session() { on_end_(); }

  void read() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(limits_.max_header_bytes));
    stream_.expires_after(limits_.timeout);
    http::async_read_header(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](error_code error, std::size_t) { self->on_read(error); });
  }

 private:
  void on_read(error_code error) {
    if (error) {
      if (const auto response = answer_to_error(error)) {
        respond(*response, {.version = 11, .keep_alive = false});
      }
      return;
    }
    const auto& request = parser_->get();
    const bool head = request.method() == http::verb::head;
    if (!head && request.method() != http::verb::get) {
      respond({.status = 405, .body = "only GET and HEAD are answered\n"},
              {.version = request.version(), .keep_alive = false, .allow = true});
    } else if (!parser_->is_done()) {
      respond({.status = 400, .body = "a request for a page has no body\n"},
              {.version = request.version(), .keep_alive = false});
    } else {
      respond(answer({request.target().data(), request.target().size()}, routes_),
              {.version = request.version(), .keep_alive = request.keep_alive(), .head = head});
    }
  }

  struct Manner {
    unsigned version = 11;
    bool keep_alive = false;
    bool head = false;
    bool allow = false;
  };

  template <class Body>
  void fill_header(http::response<Body>& message, const HttpResponse& response,
                   const Manner& manner) {
    message.version(manner.version);
    message.result(static_cast<unsigned>(response.status));
    message.set(http::field::server, "wallaroo");
    message.set(http::field::content_type, response.content_type);
    message.set(http::field::cache_control, "no-store");
    if (manner.allow) {
      message.set(http::field::allow, "GET, HEAD");
    }
    message.keep_alive(manner.keep_alive);
    message.content_length(response.body.size());
  }

  void respond(const HttpResponse& response, const Manner& manner) {
    if (manner.head) {
      auto message = std::make_shared<http::response<http::empty_body>>();
      fill_header(*message, response, manner);
      send(message, manner.keep_alive);
    } else {
      auto message = std::make_shared<http::response<http::string_body>>();
      fill_header(*message, response, manner);
      message->body() = response.body;
      send(message, manner.keep_alive);
    }
  }

  template <class Message>
  void send(std::shared_ptr<Message> message, bool keep_alive) {
    stream_.expires_after(limits_.timeout);
    http::async_write(
        stream_, *message,
        [self = shared_from_this(), message, keep_alive](error_code error, std::size_t) {
          if (!error && keep_alive) {
            self->read();
          } else if (!error) {
            self->close();
          }
        });
  }

  /// Closing with unread input would reset the connection and could destroy the response on its
  /// way, so the rest of a refused request is read away, within the one timeout.
  void close() {
    error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    stream_.expires_after(limits_.timeout);
    discard_rest();
  }

  void discard_rest() {
    stream_.async_read_some(asio::buffer(discarded_),
                            [self = shared_from_this()](error_code error, std::size_t) {
                              if (!error) {
                                self->discard_rest();
                              }
                            });
  }

  beast::tcp_stream stream_;
  const HttpRoutes& routes_;
  const HttpLimits& limits_;
  std::function<void()> on_end_;
  beast::flat_buffer buffer_{16 * 1024};
  std::optional<http::request_parser<http::empty_body>> parser_;
  std::array<char, 4096> discarded_{};
};

}  // namespace

class HttpServer::Impl {
 public:
  Impl(const std::string& address, HttpRoutes routes, HttpLimits limits)
      : configured_(address),
        host_port_(parse_address(address)),
        routes_(std::move(routes)),
        limits_(limits) {}
  ~Impl() { stop(); }

  void start() {
    listen();
    stopped_ = false;
    // Signals are the application's business, so this thread takes none.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
      thread_ = std::thread([this] { run(); });
    } catch (...) {
      pthread_sigmask(SIG_SETMASK, &before, nullptr);
      throw;
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  void stop() {
    if (thread_.joinable()) {
      io_->stop();
      thread_.join();
    }
    stopped_ = true;
    close_all();
  }

  std::string address() const { return bound_; }

 private:
  /// Sessions live in the handlers that the context holds; destroying it closes them.
  void close_all() {
    acceptor_.reset();
    retry_.reset();
    io_.reset();
  }

  void listen() {
    close_all();  // what a failed start left behind
    io_.emplace(1);
    acceptor_.emplace(*io_);
    retry_.emplace(*io_);
    try {
      const auto endpoints =
          tcp::resolver(*io_).resolve(host_port_.host, host_port_.port,
                                      tcp::resolver::passive | tcp::resolver::numeric_service);
      const tcp::endpoint endpoint = endpoints.begin()->endpoint();
      acceptor_->open(endpoint.protocol());
      acceptor_->set_option(tcp::acceptor::reuse_address(true));
      acceptor_->bind(endpoint);
      acceptor_->listen();
      const std::string host = endpoint.address().to_string();
      bound_ = fmt::format("{}:{}", endpoint.address().is_v6() ? "[" + host + "]" : host,
                           acceptor_->local_endpoint().port());
    } catch (const boost::system::system_error& error) {
      throw IoError(listen_error(error.code()));
    }
  }

  std::string listen_error(error_code error) const {
    std::string_view advice = "use an address of this machine";
    if (error == asio::error::address_in_use) {
      advice = "stop the program that uses the port, or choose another port (0: any free one)";
    } else if (error == asio::error::access_denied) {
      advice = "ports below 1024 need privileges; choose another port";
    }
    return fmt::format("http: cannot listen on {}: {}; {}", configured_, error.message(), advice);
  }

  /// An exception here is a lack of memory for one client; the others are served on.
  void run() {
    for (;;) {
      try {
        if (!accepting_) {
          accept();
        }
        io_->run();
        return;
      } catch (const std::exception&) {
        continue;
      }
    }
  }

  void accept() {
    accepting_ = true;
    acceptor_->async_accept([this](error_code error, tcp::socket socket) {
      accepting_ = false;
      if (error) {
        accept_later();
        return;
      }
      const auto session = std::make_shared<Session>(std::move(socket), routes_, limits_,
                                                     [this] { on_session_end(); });
      ++sessions_;
      session->read();
      if (sessions_ < limits_.max_connections) {
        accept();
      }
    });
  }

  /// Without file descriptors left, accepting again at once would only spin.
  void accept_later() {
    accepting_ = true;
    retry_->expires_after(std::chrono::milliseconds(100));
    retry_->async_wait([this](error_code error) {
      if (!error) {
        accept();
      }
    });
  }

  void on_session_end() {
    --sessions_;
    if (!accepting_ && !stopped_) {
      accept();
    }
  }

  std::string configured_;
  HostPort host_port_;
  HttpRoutes routes_;
  HttpLimits limits_;
  std::string bound_;
  std::optional<asio::io_context> io_;
  std::optional<tcp::acceptor> acceptor_;
  std::optional<asio::steady_timer> retry_;
  std::size_t sessions_ = 0;
  bool accepting_ = false;
  bool stopped_ = false;
  std::thread thread_;
};

HttpServer::HttpServer(const std::string& address, HttpRoutes routes, HttpLimits limits)
    : impl_(std::make_unique<Impl>(address, std::move(routes), limits)) {}
HttpServer::~HttpServer() = default;
void HttpServer::start() { impl_->start(); }
void HttpServer::stop() { impl_->stop(); }
std::string HttpServer::address() const { return impl_->address(); }

}  // namespace wallaroo::internal
