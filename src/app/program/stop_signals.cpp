#include "app/program/stop_signals.hpp"

#include <utility>

#include <boost/asio/executor_work_guard.hpp>

namespace wallaroo::internal {

StopSignals::StopSignals() : signals_(loop_) {
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, &previous_.pipe);
  // Some supervisors start their children with signals blocked.
  sigset_t wanted;
  sigemptyset(&wanted);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) {
    struct sigaction before {};
    ::sigaction(number, nullptr, &before);
    if (number == SIGHUP && before.sa_handler == SIG_IGN) {
      continue;  // nohup: the program is to outlive its terminal
    }
    previous_.stopping.emplace_back(number, before);
    signals_.add(number);
    sigaddset(&wanted, number);
  }
  pthread_sigmask(SIG_UNBLOCK, &wanted, &previous_.mask);
}

StopSignals::~StopSignals() {
  restore();
  ::sigaction(SIGPIPE, &previous_.pipe, nullptr);
  pthread_sigmask(SIG_SETMASK, &previous_.mask, nullptr);
}

void StopSignals::run(std::function<void(int)> on_signal) {
  on_signal_ = std::move(on_signal);
  const auto until_end = boost::asio::make_work_guard(loop_);
  wait_for_next();
  loop_.run();
}

void StopSignals::end() { loop_.stop(); }

void StopSignals::let_go() { restore(); }

void StopSignals::wait_for_next() {
  signals_.async_wait([this](const boost::system::error_code& error, int number) {
    if (!error) {
      on_signal_(number);
      if (!let_go_) {
        wait_for_next();
      }
    }
  });
}

void StopSignals::restore() {
  if (std::exchange(let_go_, true)) {
    return;
  }
  // Asio sets the default handling when its last signal set is destroyed, so ours is restored
  // after.
  signals_.clear();
  for (const auto& [number, before] : previous_.stopping) {
    ::sigaction(number, &before, nullptr);
  }
}

}  // namespace wallaroo::internal
