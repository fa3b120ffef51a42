// SIGTERM, SIGINT and SIGHUP as events, for as long as a program runs.
#pragma once

#include <csignal>
#include <functional>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

namespace wallaroo::internal {

/// From construction to destruction SIGTERM, SIGINT and SIGHUP are handled by `run` alone, and
/// SIGPIPE is ignored; then all of them are handled as before. A SIGHUP that was ignored before, as
/// under `nohup`, stays ignored.
class StopSignals {
 public:
  StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  ~StopSignals();

  /// Calls `on_signal` with the number of each signal that has come since construction or comes
  /// until `end`; returns after `end`.
  void run(std::function<void(int number)> on_signal);
  /// Makes `run` return. May be called from any thread.
  void end();
  /// Restores the handling from before construction. Call from `on_signal`.
  void let_go();

 private:
  void wait_for_next();
  void restore();

  struct Previous {
    std::vector<std::pair<int, struct sigaction>> stopping;  ///< for each handled signal
    struct sigaction pipe;
    sigset_t mask;
  };
  Previous previous_;
  boost::asio::io_context loop_;
  boost::asio::signal_set signals_;
  std::function<void(int)> on_signal_;
  bool let_go_ = false;
};

}  // namespace wallaroo::internal
