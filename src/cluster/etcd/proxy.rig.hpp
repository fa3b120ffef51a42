// For tests: a network between a client and a server of TCP that can be disturbed.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

namespace wallaroo::internal::cluster::rig {

/// Forwards connections to a port on loopback, on a thread of its own.
class Proxy {
 public:
  using Tcp = boost::asio::ip::tcp;

  explicit Proxy(unsigned short to) : to_(to) {
    acceptor_.emplace(io_, Tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
    port_ = acceptor_->local_endpoint().port();
    accept();
    thread_ = std::thread([this] { io_.run(); });
  }
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;
  ~Proxy() {
    io_.stop();
    thread_.join();
  }

  unsigned short port() const { return port_; }

  /// Closes all connections and refuses others, as when the server's process is gone.
  void cut() {
    on_thread([this] {
      acceptor_.reset();
      reset_all();
    });
  }
  /// Resets the connections that there are; others are taken.
  void reset() {
    on_thread([this] { reset_all(); });
  }
  /// Takes connections and bytes, and forwards nothing, as when a cable is pulled.
  void stall() {
    on_thread([this] { to_server_ = to_client_ = false; });
  }
  /// Forwards what clients say and drops what the server answers.
  void lose_answers() {
    on_thread([this] {
      to_server_ = true;
      to_client_ = false;
    });
  }
  /// Forwards everything, this much later.
  void delay(std::chrono::milliseconds by) {
    on_thread([this, by] { delay_ = by; });
  }
  /// Forwards again. Connections that have lost bytes are reset, as those of a real network are
  /// when they come back after too long.
  void mend() {
    on_thread([this] {
      if (!to_client_ || !to_server_) {
        reset_all();
      }
      to_server_ = to_client_ = true;
      delay_ = {};
      if (!acceptor_) {
        acceptor_.emplace(io_, Tcp::endpoint(boost::asio::ip::address_v4::loopback(), port_));
        accept();
      }
    });
  }
  /// Connections that were made so far.
  int accepted() {
    int count = 0;
    on_thread([&] { count = accepted_; });
    return count;
  }

 private:
  struct Pair {
    explicit Pair(boost::asio::io_context& io, Tcp::socket a_client)
        : client(std::move(a_client)), server(io) {}
    Tcp::socket client;
    Tcp::socket server;
  };
  using PairPtr = std::shared_ptr<Pair>;

  void on_thread(const std::function<void()>& action) {
    std::promise<void> done;
    boost::asio::post(io_, [&] {
      action();
      done.set_value();
    });
    done.get_future().wait();
  }
  void accept() {
    acceptor_->async_accept([this](boost::system::error_code error, Tcp::socket socket) {
      if (error) {
        return;
      }
      ++accepted_;
      auto pair = std::make_shared<Pair>(io_, std::move(socket));
      pairs_.push_back(pair);
      pair->server.async_connect({boost::asio::ip::address_v4::loopback(), to_},
                                 [this, pair](boost::system::error_code failed) {
                                   if (failed) {
                                     close(*pair);
                                     return;
                                   }
                                   pump(pair, pair->client, pair->server, to_server_);
                                   pump(pair, pair->server, pair->client, to_client_);
                                 });
      accept();
    });
  }
  /// Reads from one socket and writes to the other for as long as both live.
  void pump(const PairPtr& pair, Tcp::socket& from, Tcp::socket& to, const bool& open) {
    auto bytes = std::make_shared<std::array<char, 16384>>();
    from.async_read_some(
        boost::asio::buffer(*bytes), [this, pair, &from, &to, &open, bytes](auto error, auto size) {
          if (error) {
            close(*pair);
            return;
          }
          if (!open) {
            pump(pair, from, to, open);
            return;
          }
          after_delay([this, pair, &from, &to, &open, bytes, size] {
            boost::asio::async_write(to, boost::asio::buffer(bytes->data(), size),
                                     [this, pair, &from, &to, &open, bytes](auto failed, auto) {
                                       failed ? close(*pair) : pump(pair, from, to, open);
                                     });
          });
        });
  }
  void after_delay(std::function<void()> action) {
    if (delay_.count() == 0) {
      action();
      return;
    }
    auto timer = std::make_shared<boost::asio::steady_timer>(io_, delay_);
    timer->async_wait([timer, action = std::move(action)](auto) { action(); });
  }
  void reset_all() {
    for (const std::weak_ptr<Pair>& weak : std::exchange(pairs_, {})) {
      if (const PairPtr pair = weak.lock()) {
        boost::system::error_code ignored;
        pair->client.set_option(boost::asio::socket_base::linger(true, 0), ignored);
        close(*pair);
      }
    }
  }
  static void close(Pair& pair) {
    boost::system::error_code ignored;
    pair.client.close(ignored);
    pair.server.close(ignored);
  }

  unsigned short to_;
  unsigned short port_ = 0;
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      io_.get_executor()};
  std::optional<Tcp::acceptor> acceptor_;
  std::list<std::weak_ptr<Pair>> pairs_;
  bool to_server_ = true;
  bool to_client_ = true;
  std::chrono::milliseconds delay_{};
  int accepted_ = 0;
  std::thread thread_;
};

}  // namespace wallaroo::internal::cluster::rig
