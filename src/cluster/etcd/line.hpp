// Part of EtcdConnection: one TCP connection, and one request on it at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/none.hpp>

#include "cluster/etcd/connection.hpp"

namespace wallaroo::internal::cluster {

/// Handlers of operations under way hold a reference, so that the buffers live as long as these.
/// `leave` closes the connection; from then on nothing reaches the owner.
class EtcdConnection::Line : public std::enable_shared_from_this<Line> {
  static constexpr std::uint64_t most_bytes = 64ull << 20;  ///< of an answer with an end

  /// Returns a handler that calls `next` after success, and reports an error to the owner.
  template <class Next>
  auto here(Next next) {
    return [self = shared_from_this(), next = std::move(next)](boost::system::error_code error,
                                                               const auto&...) {
      if (self->owner_ == nullptr) {
        return;
      }
      if (error) {
        self->owner_->broken(error.message());
        return;
      }
      next();
    };
  }

 public:
  Line(boost::asio::io_context& io, EtcdConnection& owner)
      : owner_(&owner), socket_(io), resolver_(io) {}

  void leave() {
    owner_ = nullptr;
    boost::system::error_code ignored;
    resolver_.cancel();
    socket_.close(ignored);
  }

  void dial(const HostPort& to) {
    boost::system::error_code not_numeric;
    const auto address = boost::asio::ip::make_address(to.host, not_numeric);
    if (!not_numeric) {
      socket_.async_connect({address, to.port}, here([this] { connected(); }));
      return;
    }
    resolver_.async_resolve(
        to.host, std::to_string(to.port), boost::asio::ip::tcp::resolver::numeric_service,
        [self = shared_from_this()](boost::system::error_code error, const auto& found) {
          if (self->owner_ == nullptr) {
            return;
          }
          if (error) {
            self->owner_->broken(error.message());
            return;
          }
          boost::asio::async_connect(self->socket_, found,
                                     self->here([line = self.get()] { line->connected(); }));
        });
  }

  void send(std::uint64_t number, const Call& call, std::string_view host) {
    number_ = number;
    endless_ = call.heard != nullptr;
    request_ = {boost::beast::http::verb::post, call.request.path, 11};
    request_.set(boost::beast::http::field::host,
                 boost::beast::string_view(host.data(), host.size()));
    request_.set(boost::beast::http::field::content_type, "application/json");
    if (!call.token.empty()) {
      request_.set(boost::beast::http::field::authorization, call.token);
    }
    request_.body() = call.request.body;
    request_.prepare_payload();
    boost::beast::http::async_write(socket_, request_, here([this] { read(); }));
  }

  /// Nothing is under way: notices when the server closes the connection.
  void rest() {
    if (!std::exchange(watched_, true)) {
      socket_.async_wait(boost::asio::ip::tcp::socket::wait_read, here([this] {
                           watched_ = false;
                           owner_->unasked();
                         }));
    }
  }

 private:
  void connected() {
    boost::system::error_code ignored;
    socket_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
    socket_.set_option(boost::asio::socket_base::keep_alive(true), ignored);
    owner_->connected();
  }

  void read() {
    parser_.emplace();
    if (endless_) {
      parser_->body_limit(boost::none);
      boost::beast::http::async_read_header(socket_, buffer_, *parser_,
                                            here([this] { read_on(); }));
    } else {
      parser_->body_limit(most_bytes);
      boost::beast::http::async_read(socket_, buffer_, *parser_, here([this] {
                                       const bool stays = parser_->keep_alive();
                                       owner_->answered(number_, parser_->release().body(), stays);
                                     }));
    }
  }

  /// Passes on the lines that have come, and reads more.
  void read_on() {
    std::string& body = parser_->get().body();
    for (std::size_t end = body.find('\n'); end != std::string::npos; end = body.find('\n')) {
      const std::string line = body.substr(0, end);
      body.erase(0, end + 1);
      owner_->heard(number_, line);
      if (owner_ == nullptr) {
        return;
      }
    }
    if (body.size() > most_bytes) {
      owner_->broken("a line without end");
    } else if (parser_->is_done()) {
      // A refusal may be the whole answer, without the end of a line.
      if (!body.empty()) {
        owner_->heard(number_, std::exchange(body, {}));
      }
      if (owner_ != nullptr) {
        owner_->broken("the answer has ended");
      }
    } else {
      boost::beast::http::async_read_some(socket_, buffer_, *parser_, here([this] { read_on(); }));
    }
  }

  EtcdConnection* owner_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::ip::tcp::resolver resolver_;
  boost::beast::flat_buffer buffer_;
  boost::beast::http::request<boost::beast::http::string_body> request_;
  std::optional<boost::beast::http::response_parser<boost::beast::http::string_body>> parser_;
  std::uint64_t number_ = 0;
  bool endless_ = false;
  bool watched_ = false;
};

}  // namespace wallaroo::internal::cluster
