#include "app/wait_and_obey.hpp"

#include <csignal>
#include <future>

namespace wallaroo::internal {

namespace {

Outcome wait_and_end(Engine& engine, StopSignals& signals) {
  try {
    Outcome outcome = engine.wait();
    signals.end();
    return outcome;
  } catch (...) {
    signals.end();
    throw;
  }
}

}  // namespace

Outcome wait_and_obey(Engine& engine, StopSignals& signals, const Log& log) {
  // Going out of scope, the future waits for its thread.
  auto ended = std::async(std::launch::async, [&] { return wait_and_end(engine, signals); });
  int count = 0;
  try {
    signals.run([&](int number) {
      const char* const name = number == SIGINT ? "SIGINT" : "SIGTERM";
      if (++count == 1) {
        log.info("{}: draining; a second signal stops at once", name);
        engine.stop();
      } else {
        // Should a user's function never return, the next signal ends the process: so from before
        // the log tells of it.
        signals.let_go();
        log.warning("{}: stopping at once", name);
        engine.stop_now();
      }
    });
  } catch (...) {
    engine.stop_now();
    throw;
  }
  return ended.get();
}

}  // namespace wallaroo::internal
