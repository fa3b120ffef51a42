#include "metrics/http/http_server.hpp"

#include <csignal>
#include <cstddef>
#include <exception>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include <pthread.h>

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <wallaroo/types/error.hpp>

#include "metrics/http/http_pages.hpp"
#include "metrics/http/http_session.hpp"

namespace wallaroo::internal {

namespace {

namespace asio = boost::asio;
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

}  // namespace

class HttpServer::Impl {
 public:
  Impl(const std::string& address, HttpRoutes routes, HttpLimits limits,
       std::vector<std::string> names)
      : configured_(address),
        host_port_(parse_address(address)),
        limits_(limits),
        names_(std::move(names)),
        pages_(std::move(routes)) {
    names_.push_back(host_port_.host);
  }
  ~Impl() { stop(); }

  void start() {
    listen();
    // The application handles signals, so these threads block them.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
      pages_.start();
      thread_ = std::thread([this] { run(); });
    } catch (...) {
      pages_.stop();
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
    pages_.stop();
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
    close_all();  // after a failed start
    accepting_ = false;
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

  /// An exception here means that memory ran out for one client; serving the others goes on.
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
      while (sessions_.size() >= limits_.max_connections) {
        sessions_.close_one();
      }
      std::make_shared<HttpSession>(std::move(socket), shared_)->read();
      accept();
    });
  }

  /// Waits before accepting again: without free file descriptors it would fail at once, and spin.
  void accept_later() {
    accepting_ = true;
    sessions_.close_one();
    retry_->expires_after(std::chrono::milliseconds(100));
    retry_->async_wait([this](error_code error) {
      if (!error) {
        accept();
      }
    });
  }

  std::string configured_;
  HostPort host_port_;
  HttpLimits limits_;
  std::vector<std::string> names_;
  HttpPages pages_;
  HttpSessions sessions_;
  HttpSession::Shared shared_{pages_, sessions_, limits_, names_};
  std::string bound_;
  std::optional<asio::io_context> io_;
  std::optional<tcp::acceptor> acceptor_;
  std::optional<asio::steady_timer> retry_;
  bool accepting_ = false;
  std::thread thread_;
};

HttpServer::HttpServer(const std::string& address, HttpRoutes routes, HttpLimits limits,
                       std::vector<std::string> names)
    : impl_(std::make_unique<Impl>(address, std::move(routes), limits, std::move(names))) {}
HttpServer::~HttpServer() = default;
void HttpServer::start() { impl_->start(); }
void HttpServer::stop() { impl_->stop(); }
std::string HttpServer::address() const { return impl_->address(); }

}  // namespace wallaroo::internal
