// Threads of the engine leave signals to the main thread.
#pragma once

#include <csignal>

#include <pthread.h>

namespace wallaroo::internal {

/// Of the calling thread. Signals are the main thread's; and a dead reader of a pipe is an error of
/// a write, not a signal.
inline void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

}  // namespace wallaroo::internal
