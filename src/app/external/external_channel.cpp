#include "app/external/external_channel.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <exception>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <wallaroo/types/error.hpp>

#include "base/current_error.hpp"
#include "run/block_signals.hpp"

namespace wallaroo::internal {

namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using boost::system::error_code;

constexpr int most_connections = 64;

/// All connections share one of these.
struct Shared {
  const ExternalChannel::Answer& answer;
  const Log& log;
  int connections = 0;
};

/// One connection. Lives as long as an operation of it is pending.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, Shared& shared) : socket_(std::move(socket)), shared_(shared) {
    ++shared_.connections;
  }
  ~Session() { --shared_.connections; }

  void read() {
    socket_.async_read_some(asio::buffer(input_),
                            [self = shared_from_this()](error_code error, std::size_t size) {
                              if (!error) {
                                self->take(std::string_view(self->input_.data(), size));
                              }
                            });
  }

 private:
  void take(std::string_view bytes) {
    reader_.append(bytes);
    while (const auto message = reader_.next()) {
      if (const auto answer = answered(*message)) {
        output_ += encode(*answer);
      }
    }
    if (!reader_.broken().empty()) {
      shared_.log.warning("external channel: {}; the connection is closed", reader_.broken());
      return;
    }
    output_.empty() ? read() : write();
  }

  std::optional<ExternalMessage> answered(const ExternalMessage& message) const {
    try {
      return shared_.answer(message);
    } catch (...) {
      shared_.log.error("external channel: message {} failed: {}", static_cast<int>(message.id),
                        current_error());
      return std::nullopt;
    }
  }

  void write() {
    asio::async_write(socket_, asio::buffer(output_),
                      [self = shared_from_this()](error_code error, std::size_t) {
                        if (!error) {
                          self->output_.clear();
                          self->read();
                        }
                      });
  }

  tcp::socket socket_;
  Shared& shared_;
  std::array<char, 16 * 1024> input_{};
  ExternalReader reader_;
  std::string output_;
};

}  // namespace

class ExternalChannel::Impl {
 public:
  Impl(HostPort address, Answer answer, const Log& log)
      : configured_(std::move(address)), answer_(std::move(answer)), log_(log) {}
  ~Impl() { stop(); }

  void start() {
    listen();
    accept();
    thread_ = std::thread([this] { run(); });
  }

  void stop() {
    if (thread_.joinable()) {
      io_->stop();
      thread_.join();
    }
    // Sessions live in the handlers that the context holds; destroying it closes them.
    acceptor_.reset();
    retry_.reset();
    io_.reset();
  }

  std::string address() const { return bound_; }

 private:
  void listen() {
    io_.emplace(1);
    acceptor_.emplace(*io_);
    retry_.emplace(*io_);
    try {
      const auto endpoints =
          tcp::resolver(*io_).resolve(configured_.host, std::to_string(configured_.port),
                                      tcp::resolver::passive | tcp::resolver::numeric_service);
      const tcp::endpoint endpoint = endpoints.begin()->endpoint();
      acceptor_->open(endpoint.protocol());
      acceptor_->set_option(tcp::acceptor::reuse_address(true));
      acceptor_->bind(endpoint);
      acceptor_->listen();
      bound_ =
          HostPort{endpoint.address().to_string(), acceptor_->local_endpoint().port()}.to_string();
    } catch (const boost::system::system_error& error) {
      throw IoError(
          fmt::format("external channel: cannot listen on {}: {}; use a free port of this machine",
                      configured_.to_string(), error.code().message()));
    }
  }

  /// An exception here means that memory ran out for one connection; serving the others goes on.
  void run() {
    block_signals();
    while (!io_->stopped()) {
      try {
        io_->run();
      } catch (const std::exception& error) {
        log_.warning("external channel: {}", error.what());
      }
    }
  }

  void accept() {
    acceptor_->async_accept([this](error_code error, tcp::socket socket) {
      if (error) {
        accept_later();
        return;
      }
      if (shared_.connections < most_connections) {
        std::make_shared<Session>(std::move(socket), shared_)->read();
      } else {
        log_.warning("external channel: a connection is refused, because {} are open",
                     most_connections);
      }
      accept();
    });
  }

  /// Without free file descriptors, accepting again would fail at once, and spin.
  void accept_later() {
    retry_->expires_after(std::chrono::milliseconds(100));
    retry_->async_wait([this](error_code error) {
      if (!error) {
        accept();
      }
    });
  }

  const HostPort configured_;
  const Answer answer_;
  const Log& log_;
  Shared shared_{answer_, log_};
  std::string bound_;
  std::optional<asio::io_context> io_;
  std::optional<tcp::acceptor> acceptor_;
  std::optional<asio::steady_timer> retry_;
  std::thread thread_;
};

ExternalChannel::ExternalChannel(HostPort address, Answer answer, const Log& log)
    : impl_(std::make_unique<Impl>(std::move(address), std::move(answer), log)) {}
ExternalChannel::~ExternalChannel() = default;
void ExternalChannel::start() { impl_->start(); }
void ExternalChannel::stop() { impl_->stop(); }
std::string ExternalChannel::address() const { return impl_->address(); }

}  // namespace wallaroo::internal
