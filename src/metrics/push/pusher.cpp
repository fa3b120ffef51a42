#include "metrics/push/pusher.hpp"

#include <array>
#include <csignal>
#include <exception>
#include <optional>
#include <thread>
#include <utility>

#include <pthread.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/system_timer.hpp>
#include <boost/asio/write.hpp>

namespace wallaroo::internal {

namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::milliseconds last_words(200);

}  // namespace

/// Everything but `start` and `stop` runs on the thread.
class Pusher::Impl {
 public:
  Impl(PusherSettings settings, std::vector<PushSource> sources, const Log& log)
      : settings_(std::move(settings)), log_(log) {
    for (PushSource& source : sources) {
      series_.emplace_back(std::move(source));
    }
  }
  ~Impl() { stop(); }

  void start() {
    connect();
    await_period();
    thread_ = std::thread([this] { run(); });
  }

  void stop() {
    if (thread_.joinable()) {
      asio::post(io_, [this] { finish(); });
      thread_.join();
      error_code ignored;
      socket_.close(ignored);
    }
  }

 private:
  void run() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);
    while (!io_.stopped()) {
      try {
        io_.run();
      } catch (const std::exception& error) {
        // Memory ran out for one message; the next period may have more luck.
        log_.warning("metrics: {}", error.what());
      }
    }
  }

  void connect() {
    resolver_.async_resolve(settings_.host, settings_.port, tcp::resolver::numeric_service,
                            [this](error_code error, const tcp::resolver::results_type& found) {
                              error ? connect_later(error) : connect_to(found);
                            });
  }

  void connect_to(const tcp::resolver::results_type& endpoints) {
    asio::async_connect(socket_, endpoints, [this](error_code error, const tcp::endpoint&) {
      error ? connect_later(error) : begin();
    });
  }

  void connect_later(error_code error) {
    log_.debug("metrics: cannot connect to {}:{}: {}", settings_.host, settings_.port,
               error.message());
    error_code ignored;
    socket_.close(ignored);
    if (finishing_) {
      io_.stop();
      return;
    }
    retry_.expires_after(settings_.retry);
    retry_.async_wait([this](error_code) { connect(); });
  }

  void begin() {
    log_.info("metrics are pushed to {}:{}", settings_.host, settings_.port);
    connected_ = true;
    waiting_.clear();
    writing_.clear();
    send(push_connect() + push_join(settings_.sender));
    read();
  }

  /// Receivers send nothing. Reading shows when they close the connection.
  void read() {
    socket_.async_read_some(asio::buffer(unread_), [this](error_code error, std::size_t) {
      error ? lost(error) : read();
    });
  }

  void lost(error_code error) {
    if (!std::exchange(connected_, false)) {
      return;
    }
    log_.info("metrics: the connection to {}:{} has ended: {}", settings_.host, settings_.port,
              error.message());
    connect_later(error);
  }

  void send(std::string messages) {
    if (!writing_.empty()) {
      waiting_ = std::move(messages);
      return;
    }
    writing_ = std::move(messages);
    asio::async_write(socket_, asio::buffer(writing_), [this](error_code error, std::size_t) {
      if (error) {
        lost(error);
        return;
      }
      writing_.clear();
      if (!waiting_.empty()) {
        send(std::exchange(waiting_, {}));
      } else if (finishing_) {
        io_.stop();
      }
    });
  }

  std::uint64_t period_end() const {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>((now / settings_.period + 1) * settings_.period.count());
  }

  void await_period() {
    const std::uint64_t end_ns = period_end();
    timer_.expires_at(std::chrono::system_clock::time_point(
        std::chrono::nanoseconds(static_cast<std::int64_t>(end_ns))));
    timer_.async_wait([this, end_ns](error_code error) {
      if (!error) {
        end_period(end_ns);
        await_period();
      }
    });
  }

  void end_period(std::uint64_t end_ns) {
    const PushPeriod period{static_cast<std::uint64_t>(settings_.period.count()), end_ns};
    std::string messages;
    for (PushSeries& series : series_) {
      messages += push_payload(settings_.sender, series.about(), series.take(), period);
    }
    if (connected_ && waiting_.empty()) {
      send(std::move(messages));
    } else if (connected_) {
      log_.debug("metrics: the receiver is slow, and does not get the period that ends at {}",
                 end_ns);
    }
  }

  void finish() {
    finishing_ = true;
    timer_.cancel();
    if (!connected_) {
      io_.stop();
      return;
    }
    end_period(period_end());
    retry_.expires_after(last_words);
    retry_.async_wait([this](error_code) { io_.stop(); });
  }

  const PusherSettings settings_;
  const Log& log_;
  std::vector<PushSeries> series_;
  asio::io_context io_{1};
  tcp::resolver resolver_{io_};
  tcp::socket socket_{io_};
  asio::steady_timer retry_{io_};
  asio::system_timer timer_{io_};
  std::array<char, 256> unread_{};
  std::string writing_;  ///< on its way
  std::string waiting_;  ///< follows when `writing_` is written
  bool connected_ = false;
  bool finishing_ = false;
  std::thread thread_;
};

Pusher::Pusher(PusherSettings settings, std::vector<PushSource> sources, const Log& log)
    : impl_(std::make_unique<Impl>(std::move(settings), std::move(sources), log)) {}
Pusher::~Pusher() = default;
void Pusher::start() { impl_->start(); }
void Pusher::stop() { impl_->stop(); }

}  // namespace wallaroo::internal
