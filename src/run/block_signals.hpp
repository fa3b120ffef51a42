// Threads of the engine leave signals to the main thread.
#pragma once

#include <csignal>

#include <pthread.h>

namespace wallaroo::internal {

/// Blocks all signals for the calling thread. The main thread handles signals; and when the reader
/// of a pipe is gone, a write fails with an error instead.
inline void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

}  // namespace wallaroo::internal
