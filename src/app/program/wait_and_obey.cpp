#include "app/program/wait_and_obey.hpp"

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

struct Words {
  const char* first;
  const char* second;
};

Words words_of(OrderlyEnd end) {
  return end == OrderlyEnd::drained
             ? Words{"draining; a second signal stops at once", "stopping at once"}
             : Words{"stopping with a last checkpoint; a second signal stops at once, without it",
                     "stopping at once, without a last checkpoint"};
}

const char* name_of(int signal) {
  switch (signal) {
    case SIGINT:
      return "SIGINT";
    case SIGHUP:
      return "SIGHUP";
    default:
      return "SIGTERM";
  }
}

}  // namespace

Outcome wait_and_obey(Engine& engine, StopSignals& signals, const Log& log, OrderlyEnd end) {
  const Words words = words_of(end);
  // When it goes out of scope, the future waits for its thread.
  auto ended = std::async(std::launch::async, [&] { return wait_and_end(engine, signals); });
  int count = 0;
  try {
    signals.run([&](int number) {
      const char* const name = name_of(number);
      if (++count == 1) {
        log.info("{}: {}", name, words.first);
        engine.stop();
      } else {
        // A user's function may never return, so the next signal must end the process. This is set
        // before the log announces it.
        signals.let_go();
        log.warning("{}: {}", name, words.second);
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
