// SIGTERM, SIGINT and SIGHUP as events, for as long as a program runs.
#pragma once

#include <csignal>
#include <functional>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

namespace wallaroo::internal {

/// From construction to destruction SIGTERM, SIGINT and SIGHUP wait to be handled by `run`, and
/// SIGPIPE is ignored; then all of them are handled as before. A SIGHUP that was ignored before, as
/// `nohup` makes it, stays ignored.
class StopSignals {
 public:
  StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  ~StopSignals();

  /// Calls `on_signal` with the number of each signal that came since construction, or comes until
  /// `end`; returns after `end`.
  void run(std::function<void(int number)> on_signal);
  /// From any thread.
  void end();
  /// A further signal does what it did before construction. Called from `on_signal`.
  void let_go();

 private:
  void wait_for_next();
  void restore();

  struct Previous {
    std::vector<std::pair<int, struct sigaction>> stopping;  ///< of the signals that are handled
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
