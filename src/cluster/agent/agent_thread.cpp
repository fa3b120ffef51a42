#include "cluster/agent/agent_thread.hpp"

#include <chrono>
#include <csignal>
#include <exception>
#include <random>
#include <thread>
#include <utility>

#include <pthread.h>
#include <unistd.h>

#ifdef __SANITIZE_THREAD__
#pragma GCC diagnostic ignored "-Wtsan"  // as in cluster/etcd/connection.hpp
#endif

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/clock.hpp"
#include "cluster/etcd/client.hpp"

namespace wallaroo::internal::cluster {

class AgentThread::Impl final : private AgentHost {
 public:
  Impl(const AgentConfig& config, const EtcdAccess& etcd, AgentOrders& orders)
      : log_(config.log),
        orders_(orders),
        work_(io_.get_executor()),
        timer_(io_),
        loop_timer_(io_),
        loop_waits_(io_, ::dup(loop_.descriptor())),
        client_(io_, etcd, config.membership.prefix),
        agent_(config, client_, *this, orders) {}
  ~Impl() override { stop(); }

  void start() {
    boost::asio::post(io_, [this] { serve_loop(); });
    post([](Agent& agent) { agent.begin(); });
    // The application handles signals, so this thread blocks them.
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
  void post(std::function<void(Agent&)> event) {
    boost::asio::post(io_, [this, event = std::move(event)] { event(agent_); });
  }
  EventLoop& loop() { return loop_; }
  void stop() {
    if (thread_.joinable()) {
      io_.stop();
      thread_.join();
    }
  }

 private:
  /// An exception is a broken invariant or a lack of memory. Nobody knows then what is true, so the
  /// worker ends; its lease expires, and the others recover.
  void run() {
    try {
      io_.run();
    } catch (const std::exception& error) {
      log_.error("cluster: the agent has failed: {}", error.what());
      orders_.ended({AgentEnd::Why::failed, error.what()});
    }
  }

  void serve_loop() {
    loop_.poll(std::chrono::nanoseconds(0));
    loop_waits_.cancel();
    loop_waits_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                           [this](boost::system::error_code error) {
                             if (!error) {
                               serve_loop();
                             }
                           });
    loop_timer_.cancel();
    if (const auto due_ns = loop_.next_timer_ns()) {
      loop_timer_.expires_at(
          std::chrono::steady_clock::time_point(std::chrono::nanoseconds(*due_ns)));
      loop_timer_.async_wait([this](boost::system::error_code error) {
        if (!error) {
          serve_loop();
        }
      });
    }
  }

  std::int64_t now_ns() override { return clock_.now_ns(); }
  std::uint64_t random_bits() override { return random_(); }
  void wake_at(std::int64_t ns) override {
    if (ns == std::exchange(wakes_ns_, ns)) {
      return;
    }
    if (ns == end_of_time) {
      timer_.cancel();
      return;
    }
    timer_.expires_at(std::chrono::steady_clock::time_point(std::chrono::nanoseconds(ns)));
    timer_.async_wait([this](boost::system::error_code error) {
      if (!error) {
        wakes_ns_ = end_of_time;
        agent_.on_time();
      }
    });
  }

  // Constant after construction.
  SteadyClock clock_;
  Log log_;
  AgentOrders& orders_;

  // Only on the agent's thread, but for `io_`, to which any thread may post.
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  boost::asio::steady_timer timer_;
  EventLoop loop_{clock_};
  boost::asio::steady_timer loop_timer_;              ///< the first of the loop's timers
  boost::asio::posix::stream_descriptor loop_waits_;  ///< for what `loop_` waits for
  std::int64_t wakes_ns_ = end_of_time;
  std::independent_bits_engine<std::random_device, 64, std::uint64_t> random_;
  EtcdClient client_;
  Agent agent_;

  std::thread thread_;  ///< only on the owner's thread
};

AgentThread::AgentThread(const AgentConfig& config, const EtcdAccess& etcd, AgentOrders& orders)
    : impl_(std::make_unique<Impl>(config, etcd, orders)) {}
AgentThread::~AgentThread() = default;
void AgentThread::start() { impl_->start(); }
void AgentThread::post(std::function<void(Agent&)> event) { impl_->post(std::move(event)); }
EventLoop& AgentThread::loop() { return impl_->loop(); }
void AgentThread::stop() { impl_->stop(); }

}  // namespace wallaroo::internal::cluster
